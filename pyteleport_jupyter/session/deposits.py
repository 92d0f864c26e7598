"""The secret by which a session finds again what it has left on a host: drawn when it first leaves one, and
known to nobody but the session itself.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from pyteleport_jupyter.session.item import Item, Phase
from pyteleport_jupyter.session.place import HOME, current_place
from pyteleport_jupyter.wire.proof import SECRET_SIZE

if TYPE_CHECKING:
    from pyteleport_jupyter.session.running_cell import RunningCell

_secret = b""


def deposit_secret() -> bytes:
    """The secret; empty for a session that has left no host yet."""
    return _secret


def capture_secret(shell: Any, cell: RunningCell | None) -> bytes | None:
    """What stays on the host that is left now can be found by it."""
    global _secret
    if not _secret and current_place().target != HOME:
        _secret = secrets.token_bytes(SECRET_SIZE)
    return _secret or None


def restore_secret(shell: Any, secret: bytes) -> None:
    """It is this process's now."""
    global _secret
    _secret = secret


ITEMS: tuple[Item, ...] = (Item("deposits", Phase.ARRIVAL, capture_secret, restore_secret),)
