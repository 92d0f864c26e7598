"""How a ZeroMQ connection begins, spoken by the side that publishes: ZMTP 3.1 without encryption
(rfc.zeromq.org/spec/37), and 2.0 with those who speak no newer one.

libzmq would do it too, but it bounds what waits for a subscriber in messages only, and one message may be as
long as a figure. With the connections in our own hands it is bounded in bytes.
"""

from __future__ import annotations

import os
from contextlib import suppress

SIGNATURE = b"\xff" + bytes(7) + b"\x01\x7f"
VERSION_AT, KIND_END, GREETING_END = len(SIGNATURE), len(SIGNATURE) + 2, 64

MECHANISM = slice(12, 32)
REST_OF_3 = (b"\x01" + b"NULL".ljust(20, b"\0") + b"\0").ljust(GREETING_END - VERSION_AT - 1, b"\0")
READY_BODY = b"\x05READY\x0bSocket-Type\x00\x00\x00\x04XPUB"
READY = bytes((4, len(READY_BODY))) + READY_BODY
REST_OF_2 = b"\x09" + b"\x00\x00"
"""XPUB, and an identity of no length."""


class Stranger(ValueError):
    """This is no subscriber: another protocol, or another way to be secure."""


class Greeting:
    """One accepted connection until both sides know whom they speak to. What we say fits into any socket
    buffer, so it is written at once.
    """

    def __init__(self, descriptor: int, deadline: float) -> None:
        self.descriptor = descriptor
        self.deadline = deadline
        self._read = b""
        self._answered = False
        os.set_blocking(descriptor, False)
        self._say(SIGNATURE + b"\x03")

    def _say(self, words: bytes) -> None:
        if os.write(self.descriptor, words) != len(words):
            raise Stranger

    def listen(self) -> bytes | None:
        """Read what there is: None while the greeting is not complete, then what came behind it.

        Raises Stranger, OSError.
        """
        with suppress(BlockingIOError):
            data = os.read(self.descriptor, 4096)
            if not data:
                raise Stranger
            self._read += data
        if self._read[:1] not in (b"", b"\xff") or (len(self._read) > VERSION_AT and not self._read[9] & 1):
            raise Stranger
        if len(self._read) <= VERSION_AT:
            return None
        return self._complete(self._read[VERSION_AT] >= 3)

    def _complete(self, newer: bool) -> bytes | None:
        """The rest, once the other's version is known."""
        if not self._answered:
            self._answered = True
            self._say(REST_OF_3 + READY if newer else REST_OF_2)
        end = GREETING_END if newer else KIND_END
        if len(self._read) < end:
            return None
        if newer and self._read[MECHANISM].rstrip(b"\0") != b"NULL":
            raise Stranger
        return self._read[end:]
