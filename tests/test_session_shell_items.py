"""What of the shell's own tables is the user's; looking must not change them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from pyteleport_jupyter.session.shell_items import capture_magics, defining_package


class LazyMagic:
    """As IPython 9's, which is not in older ones: reading anything but ``spec`` loads it."""

    spec = "IPython.core.magics.script:ScriptMagics"

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was looked at")


def test_magics_that_are_not_loaded_stay_so() -> None:
    assert defining_package(LazyMagic()) == "IPython"
    manager = SimpleNamespace(magics={"line": {"killbgscripts": LazyMagic()}, "cell": {}})
    shell: Any = SimpleNamespace(
        magics_manager=manager,
        alias_manager=SimpleNamespace(default_aliases=()),
        extension_manager=SimpleNamespace(loaded=set()),
    )
    assert capture_magics(shell, None) == {"line": {}, "cell": {}}


def test_looking_loads_no_magics() -> None:
    shell = InteractiveShell()
    before = {kind: dict(table) for kind, table in shell.magics_manager.magics.items()}
    capture_magics(shell, None)
    assert shell.magics_manager.magics == before
