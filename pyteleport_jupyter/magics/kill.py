"""``%teleport kill ID``: end a session that lives elsewhere."""

from __future__ import annotations

from typing import Any

from IPython.core.magic_arguments import argument, magic_arguments

from pyteleport_jupyter.asking import ask_of
from pyteleport_jupyter.ledger import find_session
from pyteleport_jupyter.magics.words import parse


@magic_arguments("teleport kill")
@argument("session", metavar="ID", help="as %%teleport list shows it, or HOST/ID")
def end(shell: Any, *, session: str) -> None:
    """End a session that lives elsewhere: its kernel, its memory, everything."""
    ended = find_session(session, "kill", ask_of(shell))
    print(f"session {ended.id} on {ended.place.target} is ended")


def run(shell: Any, words: list[str]) -> None:
    """See to ``%teleport kill …``."""
    if (arguments := parse(end, words)) is not None:
        end(shell, **arguments)
