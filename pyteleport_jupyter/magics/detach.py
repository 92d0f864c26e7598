"""``%teleport detach [ID]``: let a session go on where it is, with nobody linked to it."""

from __future__ import annotations

import sys
from typing import Any

from IPython.core.magic_arguments import argument, magic_arguments

from pyteleport_jupyter.asking import ask_of
from pyteleport_jupyter.errors import NothingToDetach
from pyteleport_jupyter.ledger import find_session, own_identifier
from pyteleport_jupyter.magics.words import parse
from pyteleport_jupyter.remote import upstream
from pyteleport_jupyter.remote.errand_host import check_session_is_here
from pyteleport_jupyter.remote.inquiries import ask
from pyteleport_jupyter.session import current_place
from pyteleport_jupyter.session.place import HOME, own_directory


@magic_arguments("teleport detach")
@argument("session", nargs="?", metavar="ID", help="which one (default: the one that this cell runs in)")
def let_go(shell: Any, *, session: str | None) -> None:
    """Let go of a session: it goes on there for its lease; %teleport attach ID takes it up again."""
    if session is not None and session.rpartition("/")[2] != own_identifier():
        found = find_session(session, "detach", ask_of(shell))
        print(f"session {found.id} on {found.place.target} goes on there without a link")
        return
    check_session_is_here()
    directory = own_directory() or upstream.directory()
    if current_place().target == HOME or directory is None:
        raise NothingToDetach(reason="This session is at home, where there is nothing to detach")
    # What the cell has said so far still goes over the link.
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        ask(directory, "detach")
    except OSError as error:
        raise NothingToDetach(reason=f"This session could not be let go of: {error}") from None


def run(shell: Any, words: list[str]) -> None:
    """See to ``%teleport detach …``."""
    if (arguments := parse(let_go, words)) is not None:
        let_go(shell, **arguments)
