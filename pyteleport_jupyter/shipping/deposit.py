"""What a session leaves on a host that it has left: its parts in memory, in a file without a name, with the
digests of their chunks at the end of it. See :mod:`..remote.depository` for who holds it.

The file is sealed (memfd_create(2)): nobody can change it any more, and whoever has a descriptor of it has
all of it, whatever becomes of the others. Still each chunk is checked by its digest when it is used.

At the end: a place for each chunk (length, digest, offset), then 4 bytes ``PTD1``, number of the algorithm,
key, number of the places, and where they begin.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import secrets
import struct
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Self

from pyteleport_jupyter.errors import ProtocolBroken, RestoreFailed
from pyteleport_jupyter.shipping.cutting import CHUNK
from pyteleport_jupyter.shipping.digests import (
    ALGORITHMS,
    DIGEST_SIZE,
    KEY_SIZE,
    THREADS,
    available,
    digest_function,
)
from pyteleport_jupyter.shipping.memory import SMALL
from pyteleport_jupyter.shipping.offer import Name, Offer, Parts, chunks_of, make_offer

MAGIC = b"PTD1"
CHUNKS_LIMIT = 1 << 15
"""Most chunks of a deposit: as many names fit into one command. What is beyond is sent again."""

TOGETHER = 16
"""So many chunks are read by one call: the interpreter, which is importing meanwhile, is asked for its turn
only once for them.
"""

_PLACE = struct.Struct(f"!I{DIGEST_SIZE}sQ")
_NAME = struct.Struct(f"!I{DIGEST_SIZE}s")
_END = struct.Struct(f"!4sB{KEY_SIZE}sIQ")

Wanted = tuple[Name, memoryview]
"""A chunk, and the place where it belongs."""

Run = tuple[int, list[Wanted]]
"""Chunks that lie one behind the other, and where the first begins."""


def make_deposit(parts: Parts) -> int:
    """Copy ``parts`` (the pickle stream first; small buffers are left out) into a new sealed file; returns
    its descriptor, which no program inherits. Raises OSError.
    """
    fd = os.memfd_create("teleport-kept", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        _write(fd, parts)
        seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _write(fd: int, parts: Parts) -> None:
    algorithm, key = available()[0], secrets.token_bytes(KEY_SIZE)
    digest, places, offset = digest_function(algorithm, key), bytearray(), 0
    copy = memoryview(bytearray(CHUNK))
    for chunk in _kept_chunks(parts):
        _write_all(fd, chunk)
        # Of what is in the file: the memory may be changed by others meanwhile.
        copied = copy[: os.preadv(fd, [copy[: chunk.nbytes]], offset)]
        places += _PLACE.pack(chunk.nbytes, digest(copied), offset)
        offset += chunk.nbytes
    end = _END.pack(MAGIC, ALGORITHMS.index(algorithm), key, len(places) // _PLACE.size, offset)
    _write_all(fd, memoryview(bytes(places) + end))


def _kept_chunks(parts: Parts) -> Iterator[memoryview]:
    chunks = (
        chunk
        for number, part in enumerate(parts)
        if not number or part.nbytes >= SMALL
        for chunk in chunks_of(number, part)
    )
    for _, chunk in zip(range(CHUNKS_LIMIT), chunks, strict=False):
        yield chunk


def _write_all(fd: int, content: memoryview) -> None:
    while content:
        content = content[os.write(fd, content) :]


class Deposit:
    """A deposit that is used, as :class:`.receiving.Held`. ``fd`` is ours from now on, see :meth:`close`."""

    def __init__(self, fd: int) -> None:
        """Raises ProtocolBroken, OSError; then ``fd`` is closed."""
        self.fd = fd
        try:
            self.algorithm, self.key, self._places = _read(fd)
        except BaseException:
            self.close()
            raise
        self._wanted: list[Wanted] = []

    def as_record(self) -> dict[str, str]:
        """What is there, for :func:`compare_with_deposit`; JSON-able, shorter than a command may be."""
        names = b"".join(_NAME.pack(*name) for name in self._places)
        encoded = base64.b64encode(names).decode()
        return {"algorithm": self.algorithm, "key": self.key.hex(), "names": encoded}

    def twin(self, part: int) -> None:
        """None: parts have room of their own."""

    def take(self, name: Name, into: memoryview) -> None:
        """Note that ``into`` is the place of the chunk ``name``. Raises ProtocolBroken."""
        if name not in self._places:
            raise ProtocolBroken(reason="it left out a chunk that is not here")
        self._wanted.append((name, into))

    def settle(self) -> None:
        """Fill all that was noted. Raises RestoreFailed where it is not what it should be."""
        wanted, self._wanted = self._wanted, []
        middle = -(-len(wanted) // THREADS)
        shares = [wanted[at : at + middle] for at in range(0, len(wanted), middle)] if wanted else []
        if len(wanted) <= TOGETHER:
            shares = [wanted]
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self._fill, shares))

    def _fill(self, wanted: list[Wanted]) -> None:
        digest = digest_function(self.algorithm, self.key)
        for offset, run in _runs(wanted, self._places):
            views = [into for _, into in run]
            read = os.preadv(self.fd, views, offset)
            whole = read == sum(view.nbytes for view in views)
            if not whole or any(digest(into) != name[1] for name, into in run):
                raise RestoreFailed(reason="what was kept there is not what the session had left")

    def remember(self, parts: object) -> None:
        """Nothing: what has come is the session's."""

    def forget_offer(self) -> None:
        """It was the last one."""
        self._wanted.clear()

    def close(self) -> None:
        """Let go of it: its memory is free when nobody has it any more."""
        with suppress(OSError):
            os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _runs(wanted: Iterable[Wanted], places: Mapping[Name, int]) -> Iterator[Run]:
    run: list[Wanted] = []
    begin = end = 0
    for name, into in wanted:
        if run and (places[name] != end or len(run) == TOGETHER):
            yield begin, run
            run = []
        if not run:
            begin = places[name]
        run.append((name, into))
        end = places[name] + name[0]
    if run:
        yield begin, run


def _read(fd: int) -> tuple[str, bytes, dict[Name, int]]:
    """Algorithm, key and places. Raises ProtocolBroken, OSError."""
    size = os.fstat(fd).st_size
    try:
        magic, number, key, count, begin = _END.unpack(os.pread(fd, _END.size, max(0, size - _END.size)))
    except struct.error:
        raise ProtocolBroken(reason="this is nothing that a session has left") from None
    whole = begin + count * _PLACE.size + _END.size == size
    if magic != MAGIC or number >= len(ALGORITHMS) or count > CHUNKS_LIMIT or not whole:
        raise ProtocolBroken(reason="this is nothing that a session has left")
    table = os.pread(fd, count * _PLACE.size, begin)
    places = {(length, digest): offset for length, digest, offset in _PLACE.iter_unpack(table)}
    if any(length > CHUNK or offset + length > begin for (length, _), offset in places.items()):
        raise ProtocolBroken(reason="what a session has left ends too early")
    return ALGORITHMS[number], key, places


def compare_with_deposit(parts: Parts, record: Any) -> tuple[Offer | None, bytes]:
    """Which chunks of ``parts`` are there, by what the other side says (:meth:`Deposit.as_record`): an offer
    that need not be made, and its answer, see :class:`.blocks.Consignment`. Nothing where that makes no
    sense.
    """
    try:
        algorithm, key = str(record["algorithm"]), bytes.fromhex(record["key"])
        there = set(_NAME.iter_unpack(base64.b64decode(record["names"], validate=True)))
    except (TypeError, KeyError, ValueError, binascii.Error, struct.error):
        return None, b""
    if algorithm not in available() or len(key) != KEY_SIZE:
        return None, b""
    offer = make_offer(parts, (algorithm,), key)
    answer = bytes(name in there for names in offer.names for name in names)
    return (offer, answer) if any(answer) else (None, b"")
