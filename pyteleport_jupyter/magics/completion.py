"""What Tab offers behind ``%teleport`` and ``%%teleport``: subcommands, hosts, sessions and options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from pyteleport_jupyter.ledger.hosts import host_names
from pyteleport_jupyter.ledger.record import noted
from pyteleport_jupyter.magics.cell_arguments import described
from pyteleport_jupyter.magics.move import move

OF_SESSIONS = frozenset({"attach", "detach", "kill"})
"""Subcommands behind which a session is named."""


def register_completion(shell: Any, subcommands: Mapping[str, str]) -> None:
    """Complete for ``shell`` from now on (IPython/core/completer.py asks ``complete_command`` hooks).

    ``subcommands``: module by first word (:data:`.line.SUBCOMMANDS`).
    """

    def complete(shell: Any, event: Any) -> list[str]:
        words = event.line.split()
        typing = words.pop() if words and not event.line[-1:].isspace() else ""
        if words[:1] == ["%%teleport"]:
            return _options(described) if typing.startswith("-") else host_names()
        return _behind(words[1:], typing, subcommands)

    for magic in ("%teleport", "%%teleport"):
        shell.set_hook("complete_command", complete, str_key=magic)


def _behind(words: list[str], typing: str, subcommands: Mapping[str, str]) -> list[str]:
    """What may follow ``%teleport`` and ``words``."""
    first = words[0] if words else ""
    if typing.startswith("-"):
        return _options(_function(subcommands[first]) if first in subcommands else move)
    if first in OF_SESSIONS:
        return [entry.id for entry in reversed(noted())]
    return host_names() if first else [*subcommands, *host_names()]


def _function(module: str) -> Any:
    """What of a subcommand's module is described with ``@magic_arguments``."""
    parts: Iterable[Any] = vars(import_module(f"pyteleport_jupyter.magics.{module}")).values()
    return next((part for part in parts if hasattr(part, "parser")), None)


def _options(function: Any) -> list[str]:
    parser = getattr(function, "parser", None)
    actions = [] if parser is None else parser._actions
    return [option for action in actions for option in action.option_strings if option.startswith("--")]
