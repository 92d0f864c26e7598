"""What the user has said once and for all about moves, at home: it counts for those from elsewhere too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyteleport_jupyter import settings
from pyteleport_jupyter.session.item import Item, Phase


def restore(shell: Any, said: Mapping[str, Any]) -> None:
    """Before our extension is loaded, which reads its configuration from the shell's."""
    configure(shell, said["configured"])
    settings.brought["tables"] = said["tables"]


def configure(shell: Any, options: Mapping[str, Any]) -> None:
    """As if the user's configuration files said so for ``c.Teleport``."""
    shell.config.Teleport.update(options)


ITEMS: tuple[Item, ...] = (Item("options", Phase.SURROUNDINGS, lambda *_: settings.said_at_home(), restore),)
