"""``%teleport attach ID``: take up a session that lives elsewhere."""

from __future__ import annotations

from typing import Any

from IPython.core.magic_arguments import argument, magic_arguments

from pyteleport_jupyter.asking import ask_of
from pyteleport_jupyter.attaching import attach_kernel
from pyteleport_jupyter.errors import VariablesInTheWay
from pyteleport_jupyter.ledger import find_session, waiting_session
from pyteleport_jupyter.magics.words import parse
from pyteleport_jupyter.remote.errand_host import check_session_is_here
from pyteleport_jupyter.terminals.visiting import visit

SHOWN_NAMES = 5


@magic_arguments("teleport attach")
@argument(
    "session",
    nargs="?",
    metavar="ID",
    help="as %%teleport list shows it, or HOST/ID (default: the only one)",
)
@argument("--discard", action="store_true", help="give up the variables of the session that is here now")
def take_up(shell: Any, *, session: str | None, discard: bool) -> None:
    """Take up a session that lives elsewhere: this notebook is on it then. Whoever had it is let go.

    In a terminal the session here waits, and goes on when that one is left (%teleport detach, or its end).
    """
    check_session_is_here()
    if not hasattr(shell, "kernel"):
        visit(session)
        return
    names = [name for name in shell.user_ns if not name.startswith("_") and name not in shell.user_ns_hidden]
    if names and not discard:
        shown = ", ".join(names[:SHOWN_NAMES]) + (" ..." if len(names) > SHOWN_NAMES else "")
        raise VariablesInTheWay(names=shown)
    ask = ask_of(shell)
    attach_kernel(shell, find_session(session or waiting_session(ask), "claim", ask), ask)


def run(shell: Any, words: list[str]) -> None:
    """See to ``%teleport attach …``."""
    if (arguments := parse(take_up, words)) is not None:
        take_up(shell, **arguments)
