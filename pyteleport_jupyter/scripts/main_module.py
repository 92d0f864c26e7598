"""What the import system knows of ``__main__``.

Apart from :mod:`.snapshot`, which the far side would load for it with all that a departure needs.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MainModule:
    """As which module and from which file ``__main__`` was started."""

    name: str | None
    origin: str | None
    parent: str


def main_module() -> MainModule:
    """How ``__main__`` was started."""
    spec: Any = sys.modules["__main__"].__spec__
    if spec is None:
        return MainModule(None, None, "")
    return MainModule(spec.name, spec.origin, spec.parent or "")
