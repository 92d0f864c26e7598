"""What memory looks like, to be compared with what it looks like later, within one process."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

from pyteleport_jupyter.shipping.cutting import on_grid
from pyteleport_jupyter.shipping.digests import KEY_SIZE, available, digests, place_of

LARGE = 256 << 10
"""From so many bytes on the fastest digest is worth being set up."""

Place = tuple[int, int]
"""Address and length of a piece of memory."""


class Fingerprints:
    """Of one comparison: what has the same fingerprint before and after has not changed.

    ``known``: the digests of whole pieces of memory under ``terms`` (algorithm, key), which were taken when
    nobody could change them any more.
    """

    def __init__(
        self, terms: tuple[str, bytes] | None = None, known: Mapping[Place, tuple[bytes, ...]] | None = None
    ) -> None:
        self._terms = terms or (available()[0], secrets.token_bytes(KEY_SIZE))
        self._known = dict(known or {})

    def forget_known(self) -> None:
        """What was known may have changed."""
        self._known.clear()

    def of(self, memory: memoryview) -> bytes:
        """The fingerprint of ``memory``, contiguous bytes. What was known of it is believed once."""
        if memory.nbytes < LARGE:
            return hashlib.sha256(memory).digest()
        place = place_of(memory)[0].value or 0, memory.nbytes
        found = self._known.pop(place, None)
        return b"".join(digests(*self._terms, on_grid(memory)) if found is None else found)
