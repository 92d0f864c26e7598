"""How a newcomer shows that it may take over a link: an HMAC over the supervisor's nonce, never the token
itself.
"""

from __future__ import annotations

import hmac
import struct

_LABEL = b"pyteleport attach 1\0"


def attach_digest(token: bytes, nonce: bytes, epoch: int, received: int) -> bytes:
    """HMAC-SHA256 under ``token`` of everything that the newcomer claims, and of the nonce that makes it
    fresh.
    """
    return hmac.digest(token, _LABEL + nonce + struct.pack(">QQ", epoch, received), "sha256")


def is_valid(claimed: bytes, token: bytes, nonce: bytes, epoch: int, received: int) -> bool:
    """Whether ``claimed`` is that digest; takes the same time whatever it is."""
    return hmac.compare_digest(claimed, attach_digest(token, nonce, epoch, received))
