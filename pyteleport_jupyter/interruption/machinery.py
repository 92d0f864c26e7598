"""Library code that is let finish before anything moves."""

from __future__ import annotations

from types import FrameType
from typing import Any, Final

MACHINERY: Final = frozenset(
    {
        "IPython", "ipykernel", "zmq", "tornado", "jupyter_client", "traitlets", "comm", "asyncio",
        "selectors", "threading", "logging", "importlib", "_frozen_importlib", "_frozen_importlib_external",
        __name__.partition(".")[0],
    }
)  # fmt: skip
"""Packages whose functions hold locks and half-written messages of this process."""


def is_in_user_code(frame: FrameType, namespace: dict[str, Any]) -> bool:
    """Whether no machinery runs in ``frame``, nor between it and the user's own code, outwards from it.

    ``namespace``: that of the user. Machinery may well be around that (``%%time``).
    """
    inside: FrameType | None = frame
    while inside is not None:
        names = inside.f_globals
        name = names.get("__name__")
        if names is namespace or name == "__main__":
            return True
        if str(name).partition(".")[0] in MACHINERY:
            return False
        inside = inside.f_back
    return False
