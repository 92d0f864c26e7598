"""``fork`` in a session: this one goes on here, a copy of it in the midst of the same cell elsewhere.

:func:`fork` makes them, in a notebook (:mod:`.notebook`) or in a terminal (:mod:`.terminal`);
:class:`Copy` is what the session here has of one.
"""

from __future__ import annotations

import sys
from typing import Any

from pyteleport_jupyter.copies.copy import Copy, CopyOfAnother

__all__ = ["Copy", "CopyOfAnother", "fork"]


def fork(target: Any, n: int | None, options: dict[str, Any]) -> Any:
    """See ``pyteleport_jupyter.fork``. Returns here only: there the call returns None, or the number."""
    core = sys.modules.get("IPython.core.getipython")
    shell = core.get_ipython() if core else None
    if shell is not None and not hasattr(shell, "kernel"):
        from pyteleport_jupyter.copies.terminal import fork as fork_in_terminal

        return fork_in_terminal(shell, target, n, options)
    from pyteleport_jupyter.copies.notebook import fork as fork_in_notebook

    return fork_in_notebook(target, n, options)
