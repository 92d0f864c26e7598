"""``%teleport list [HOST...]``: which sessions of mine are where."""

from __future__ import annotations

from typing import Any

from IPython.core.magic_arguments import argument, magic_arguments

from pyteleport_jupyter.asking import ask_of
from pyteleport_jupyter.ledger import ask_hosts, described
from pyteleport_jupyter.magics.words import parse


@magic_arguments("teleport list")
@argument("hosts", nargs="*", help="where to look (default: wherever a session was started from here)")
def show(shell: Any, *, hosts: list[str]) -> None:
    """List the sessions that live elsewhere: age, memory, what they do, how they are linked."""
    print(described(ask_hosts(hosts, ask=ask_of(shell))))


def run(shell: Any, words: list[str]) -> None:
    """See to ``%teleport list …``."""
    if (arguments := parse(show, words)) is not None:
        show(shell, **arguments)
