"""``%teleport HOST``: move the session; ``%teleport``: where am I?"""

from __future__ import annotations

from typing import Any

from IPython.core.magic_arguments import argument, magic_arguments

from pyteleport_jupyter import errors
from pyteleport_jupyter.departure import depart
from pyteleport_jupyter.session import current_place


@magic_arguments("teleport")
@argument("target", nargs="?", help="ssh alias, user@host[:port], local, or cmd:COMMAND; none: where am I?")
@argument("--python", metavar="PATH", help="interpreter to use there (default: python3 of the login shell)")
@argument("--setup", default="", metavar="LINE", help="shell line run there first: 'module load python; …'")
@argument("--via", choices=["paramiko", "ssh"], help="which ssh to use (default: paramiko where it can)")
@argument("--lease", default="15m", help="how long the far side lives without a link (default 15m)")
@argument("--abandon-threads", action="store_true", help="leave running threads behind: they end here")
@argument("--quiet", "-q", action="store_true", help="no line of progress")
@argument("--debug", action="store_true", help="show our own tracebacks when something fails")
def move(*, target: str | None, debug: bool, **options: Any) -> None:
    """Move this session, in the middle of this cell, to another machine."""
    errors.show_tracebacks = debug
    if target is None:
        print(current_place().sentence())
    else:
        depart(target, **options)
