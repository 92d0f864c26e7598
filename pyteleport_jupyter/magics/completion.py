"""What Tab offers behind ``%teleport`` and ``%%teleport``: subcommands and hosts."""

from __future__ import annotations

from typing import Any

from pyteleport_jupyter.ledger.hosts import host_names


def register_completion(shell: Any, subcommands: list[str]) -> None:
    """Complete for ``shell`` from now on (IPython/core/completer.py asks ``complete_command`` hooks)."""

    def complete(shell: Any, event: Any) -> list[str]:
        words = event.line.split()
        first = len(words) + (event.line[-1:].isspace()) <= 2
        cell = event.line.lstrip().startswith("%%")
        return [*(subcommands if first and not cell else ()), *host_names()]

    for magic in ("%teleport", "%%teleport"):
        shell.set_hook("complete_command", complete, str_key=magic)
