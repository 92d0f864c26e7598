"""Offers one key to the server, asking first where signing would ask the user something (RFC 4252 section
7).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import paramiko
from paramiko.auth_handler import AuthHandler
from paramiko.common import byte_chr
from paramiko.message import Message

from pyteleport_jupyter.transports.identities import Identity

_USERAUTH_REQUEST = byte_chr(50)


@dataclass(frozen=True)
class Verdict:
    """What the server said: are we in, and which methods it takes from here on (empty = it did not say)."""

    accepted: bool
    takes: tuple[str, ...] = ()


def offer_key(transport: paramiko.Transport, user: str, identity: Identity, seconds: float) -> Verdict:
    """Offer ``identity`` for ``user`` and wait for the verdict, at most ``seconds``.

    Raises what paramiko raises when the connection is lost; a refused key is a Verdict.
    """
    transport.auth_timeout = seconds
    handler = _KeyOffer(transport, identity)
    transport.auth_handler = handler
    answered = threading.Event()
    handler.offer(user, answered)
    try:
        continues = handler.wait_for_response(answered)
    except paramiko.AuthenticationException:
        return Verdict(False, handler.takes)
    return Verdict(not continues, tuple(continues))


class _KeyOffer(AuthHandler):
    """paramiko's handler signs at once and forgets what the server takes; this one does neither.

    It overrides methods that paramiko calls by name in its transport thread (the same in paramiko 2 to 5);
    its stubs do not know them, hence Any.
    """

    def __init__(self, transport: paramiko.Transport, identity: Identity) -> None:
        super().__init__(transport)
        self._session: Any = transport
        self._identity = identity
        self.takes: tuple[str, ...] = ()

    def offer(self, user: str, answered: threading.Event) -> None:
        """Start; ``answered`` is set when the server has said yes or no."""
        self.auth_event = answered
        self.auth_method = "publickey"
        self.username = user
        paramikos: Any = super()
        paramikos._request_auth()

    def _parse_service_accept(self, message: Message) -> None:
        self._send_request(signed=not self._identity.needs_user)

    def _parse_userauth_info_request(self, message: Message) -> None:
        """Number 60 is USERAUTH_PK_OK here, not the keyboard-interactive message of the same number."""
        self._send_request(signed=True)

    def _parse_userauth_failure(self, message: Message) -> None:
        self.takes = tuple(Message(message.get_remainder()).get_list())
        paramikos: Any = super()
        paramikos._parse_userauth_failure(message)

    def _send_request(self, *, signed: bool) -> None:
        public = self._identity.public
        paramikos: Any = super()
        algorithm = paramikos._finalize_pubkey_algorithm(public.kind)
        body = Message()
        body.add_byte(_USERAUTH_REQUEST)
        for text in (self.username or "", "ssh-connection", "publickey"):
            body.add_string(text)
        body.add_boolean(signed)
        body.add_string(algorithm)
        body.add_string(public.blob)
        if signed:
            body.add_string(self._identity.sign(self._to_be_signed(body), algorithm))
        self._session._send_message(body)

    def _to_be_signed(self, body: Message) -> bytes:
        """The session identifier, then the request up to the signature."""
        signed = Message()
        signed.add_string(self._session.session_id)
        return bytes(signed.asbytes() + body.asbytes())
