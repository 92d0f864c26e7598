"""``%teleport doctor HOST``: can a session go there, and if not, why."""

from __future__ import annotations

from typing import Any

from IPython.core.magic_arguments import argument, magic_arguments

from pyteleport_jupyter.asking import ask_of
from pyteleport_jupyter.doctor import examine_host, report
from pyteleport_jupyter.magics.words import given, parse
from pyteleport_jupyter.settings import options_for


@magic_arguments("teleport doctor")
@argument("target", help="ssh alias, user@host[:port], local, or cmd:COMMAND")
@argument("--python", metavar="PATH", help="interpreter to use there")
@argument("--setup", metavar="LINE", help="shell line run there first")
@argument("--via", choices=["paramiko", "ssh"], help="which ssh to use")
def examine(shell: Any, *, target: str, **options: Any) -> None:
    """Look whether a session can go there: each condition with a tick, or with the reason and the remedy."""
    findings = examine_host(
        target, options_for(target, **given(options)), packages_in_use(shell), ask_of(shell)
    )
    print(report(target, findings))


def packages_in_use(shell: Any) -> list[str]:
    """Top-level packages that the session here has imported into its namespace."""
    import sys
    from types import ModuleType

    names = {
        value.__name__.partition(".")[0] for value in shell.user_ns.values() if isinstance(value, ModuleType)
    }
    return sorted(names - set(sys.stdlib_module_names) - {"__main__"})


def run(shell: Any, words: list[str]) -> None:
    """See to ``%teleport doctor …``."""
    if (arguments := parse(examine, words)) is not None:
        examine(shell, **arguments)
