"""How a newcomer shows that it may take over a link: an HMAC over the supervisor's nonce, never the token
itself.
"""

from __future__ import annotations

import hmac
import struct

SECRET_SIZE = 32
"""Bytes of the secret by which a session finds what it has left on a host (:mod:`..remote.depository`)."""

_LABEL = b"pyteleport attach 1\0"
_TAKEOVER = b"pyteleport takeover 1\0"
_SUCCESSOR = b"pyteleport successor 1\0"


def attach_digest(token: bytes, nonce: bytes, epoch: int, received: int) -> bytes:
    """HMAC-SHA256 under ``token`` of everything that the newcomer claims, and of the nonce that makes it
    fresh.
    """
    return hmac.digest(token, _LABEL + nonce + struct.pack(">QQ", epoch, received), "sha256")


def is_valid(claimed: bytes, token: bytes, nonce: bytes, epoch: int, received: int) -> bool:
    """Whether ``claimed`` is that digest; takes the same time whatever it is."""
    return hmac.compare_digest(claimed, attach_digest(token, nonce, epoch, received))


def takeover_digest(token: bytes, nonce: bytes, epoch: int) -> bytes:
    """As :func:`attach_digest`, of somebody who begins anew."""
    return hmac.digest(token, _TAKEOVER + nonce + struct.pack(">Q", epoch), "sha256")


def is_valid_takeover(claimed: bytes, token: bytes, nonce: bytes, epoch: int) -> bool:
    """Whether ``claimed`` is that digest; takes the same time whatever it is."""
    return hmac.compare_digest(claimed, takeover_digest(token, nonce, epoch))


def successor(token: bytes, nonce: bytes, epoch: int) -> bytes:
    """The token after a takeover, known to both sides without being said: whoever had the session before can
    show nothing any more.
    """
    return hmac.digest(token, _SUCCESSOR + nonce + struct.pack(">Q", epoch), "sha256")
