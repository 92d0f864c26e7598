"""``%teleport plan [HOST]``: what would move, what would be made again there, and what cannot."""

from __future__ import annotations

from typing import Any

from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import display

from pyteleport_jupyter.inventory import plan
from pyteleport_jupyter.magics.words import parse


@magic_arguments("teleport plan")
@argument(
    "target", nargs="?", help="where to; the time it takes is told if an earlier move there has shown it"
)
def show(*, target: str | None) -> None:
    """Show what %teleport would move; nothing is sent and nothing changed."""
    display(plan(target))


def run(shell: Any, words: list[str]) -> None:
    """See to ``%teleport plan …``."""
    if (arguments := parse(show, words)) is not None:
        show(**arguments)
