"""The line magic: the first word says whether it is a subcommand or where to go."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from pyteleport_jupyter.magics.cell_arguments import described
from pyteleport_jupyter.magics.move import move
from pyteleport_jupyter.magics.words import parse, split

SUBCOMMANDS: dict[str, str] = {
    "attach": "attach",
    "detach": "detach",
    "doctor": "doctor",
    "kill": "kill",
    "list": "list",
    "plan": "plan",
}
"""First word -> module of this room whose ``run(shell, words)`` sees to it; imported when it is wanted.

A host of the same name is reached as ``user@host`` or ``host:22``.
"""


@magics_class
class TeleportMagics(Magics):  # type: ignore[misc]  # IPython's Magics is untyped
    """The magics of pyteleport-jupyter."""

    @line_magic
    def teleport(self, line: str) -> Any:
        words = split(line)
        if words and words[0] in SUBCOMMANDS:
            subcommand: Any = import_module(f"pyteleport_jupyter.magics.{SUBCOMMANDS[words[0]]}")
            subcommand.run(self.shell, words[1:])
        elif (arguments := parse(move, words)) is not None:
            return move(**arguments)
        return None

    teleport.__doc__ = move.__doc__

    @no_var_expand
    @cell_magic("teleport")
    def teleport_cell(self, line: str, cell: str) -> Any:
        try:
            errand: Any = import_module("pyteleport_jupyter.magics.cell")
            return errand.run(self.shell, line, cell)
        except KeyboardInterrupt as stopped:
            # Stopped before the cell was on its way, while we are loaded: not with our frames.
            if not hasattr(stopped, "_render_traceback_"):
                shown = ["KeyboardInterrupt: stopped, nothing was changed here"]
                stopped._render_traceback_ = lambda: shown  # type: ignore[attr-defined]
            raise

    teleport_cell.__doc__ = described.__doc__
