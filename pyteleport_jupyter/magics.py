"""``%teleport``: arguments and words for the user, nothing else."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from pyteleport_jupyter import errors
from pyteleport_jupyter.departure import depart
from pyteleport_jupyter.interruption.messages import register as answer_requests
from pyteleport_jupyter.session import current_place
from pyteleport_jupyter.session.anchors import anchors

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


@magics_class
class TeleportMagics(Magics):  # type: ignore[misc]  # IPython's Magics is untyped
    """The magics of pyteleport-jupyter."""

    @magic_arguments()
    @argument(
        "target", nargs="?", help="ssh alias, user@host[:port], local, or cmd:COMMAND; none: where am I?"
    )
    @argument(
        "--python", metavar="PATH", help="interpreter to use there (default: python3 of the login shell)"
    )
    @argument(
        "--setup", default="", metavar="LINE", help="shell line run there first: 'module load python; …'"
    )
    @argument("--via", choices=["paramiko", "ssh"], help="which ssh to use (default: paramiko where it can)")
    @argument("--lease", default="15m", help="how long the far side lives without a link (default 15m)")
    @argument("--abandon-threads", action="store_true", help="leave running threads behind: they end here")
    @argument("--quiet", "-q", action="store_true", help="no line of progress")
    @argument("--debug", action="store_true", help="show our own tracebacks when something fails")
    @line_magic
    def teleport(self, line: str) -> None:
        """Move this session, in the middle of this cell, to another machine."""
        options = _parse(self.teleport, line)
        if options is None:
            print(self.teleport.__doc__)
            return
        errors.show_tracebacks = options.pop("debug")
        target = options.pop("target")
        if target is None:
            print(current_place().sentence())
            return
        depart(target, **options)


def _parse(magic: Any, line: str) -> dict[str, Any] | None:
    """The arguments of ``line``, split like a shell does: quotes hold a whole ``--setup`` line together.

    None where help is wanted. Raises UsageError.
    """
    try:
        words = shlex.split(line, comments=True)
        if {"-h", "--help"} & set(words):
            return None
        arguments: dict[str, Any] = vars(magic.parser.parse_args(words))
    except (ValueError, UsageError) as error:
        raise UsageError(f"%teleport: {error}; %teleport --help shows what is possible") from None
    return arguments


def register(shell: InteractiveShell) -> None:
    """Register the magics with ``shell``, and let its kernel answer requests; idempotent."""
    shell.register_magics(TeleportMagics)
    # Looked at now, before a cell magic swaps them: streams and publishers that exist on both sides.
    anchors(shell)
    if hasattr(shell, "kernel"):
        answer_requests(shell.kernel)
