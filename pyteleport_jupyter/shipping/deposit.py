"""What a session leaves on a host that it has left: its parts in memory, in a file without a name, with the
digests of their chunks at the end of it. See :mod:`..remote.depository` for who holds it.

Nobody can change its length any more (memfd_create(2)), and it is lent to one at a time, who may lay its
pages over memory (:mod:`.laid_over`). Each chunk is checked by its digest when it is used.

At the end: a place for each chunk (length, digest, offset), then 4 bytes ``PTD1``, number of the algorithm,
key, number of the places, and where they begin.
"""

from __future__ import annotations

import base64
import binascii
import mmap
import os
import secrets
import socket
import struct
from collections.abc import Callable, Iterator
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
from pyteleport_jupyter.shipping.laid_over import LaidOver, Wanted, runs, seal
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


def make_deposit(parts: Parts) -> int:
    """Copy ``parts`` (the pickle stream first; small buffers are left out) into a new sealed file; returns
    its descriptor, which no program inherits. Raises OSError.
    """
    fd = os.memfd_create("teleport-kept", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        _write(fd, parts)
        seal(fd)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _write(fd: int, parts: Parts) -> None:
    algorithm, key = available()[0], secrets.token_bytes(KEY_SIZE)
    digest, places, offset = digest_function(algorithm, key), bytearray(), 0
    copy = memoryview(bytearray(CHUNK))
    for chunk, begins in _kept_chunks(parts):
        if begins:
            # Pages of it can be laid over memory, if they are those of one part.
            offset = os.lseek(fd, -(-offset // mmap.PAGESIZE) * mmap.PAGESIZE, os.SEEK_SET)
        _write_all(fd, chunk)
        # Of what is in the file: the memory may be changed by others meanwhile.
        copied = copy[: os.preadv(fd, [copy[: chunk.nbytes]], offset)]
        places += _PLACE.pack(chunk.nbytes, digest(copied), offset)
        offset += chunk.nbytes
    end = _END.pack(MAGIC, ALGORITHMS.index(algorithm), key, len(places) // _PLACE.size, offset)
    _write_all(fd, memoryview(bytes(places) + end))


def _kept_chunks(parts: Parts) -> Iterator[tuple[memoryview, bool]]:
    """Each with whether a part begins with it."""
    chunks = (
        (chunk, not at)
        for number, part in enumerate(parts)
        if not number or part.nbytes >= SMALL
        for at, chunk in enumerate(chunks_of(number, part))
    )
    for _, chunk in zip(range(CHUNKS_LIMIT), chunks, strict=False):
        yield chunk


def _write_all(fd: int, content: memoryview) -> None:
    while content:
        content = content[os.write(fd, content) :]


class Deposit:
    """A deposit that is used, as :class:`.receiving.Held`. ``fd`` is ours from now on, see :meth:`close`.

    ``line``: as long as it is open nobody else has it.
    """

    def __init__(self, fd: int, line: socket.socket | None = None) -> None:
        """Raises ProtocolBroken, OSError; then ``fd`` is closed."""
        self.fd = fd
        self.line = line
        try:
            self.algorithm, self.key, self._places = _read(fd)
        except BaseException:
            self.close()
            raise
        self._wanted: list[Wanted] = []
        self.laid_over = LaidOver(fd)
        """What of it was not copied: it must be made our own when it is certain that nobody else needs it."""

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
        in_threads(
            self._read, [one for run in runs(wanted, self._places) for one in self.laid_over.lay_run(*run)]
        )
        in_threads(self._check, wanted)

    def _read(self, wanted: list[Wanted]) -> None:
        for offset, run in runs(wanted, self._places):
            for at in range(0, len(run), TOGETHER):
                views = [into for _, into in run[at : at + TOGETHER]]
                size = sum(view.nbytes for view in views)
                if os.preadv(self.fd, views, offset) != size:
                    raise _not_as_left()
                offset += size

    def _check(self, wanted: list[Wanted]) -> None:
        digest = digest_function(self.algorithm, self.key)
        if any(digest(into) != name[1] for name, into in wanted):
            raise _not_as_left()

    def remember(self, parts: object) -> None:
        """Nothing: what has come is the session's."""

    def forget_offer(self) -> None:
        """It was the last one."""
        self._wanted.clear()

    def close(self) -> None:
        """Let go of it: its memory is free when nobody has it any more."""
        with suppress(OSError):
            os.close(self.fd)
        if self.line is not None:
            self.line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _not_as_left() -> RestoreFailed:
    return RestoreFailed(reason="what was kept there is not what the session had left")


def in_threads(work: Callable[[list[Wanted]], None], wanted: list[Wanted]) -> None:
    """Do ``work`` for all of ``wanted``, in two threads if it is much."""
    if len(wanted) <= TOGETHER:
        work(wanted)
        return
    middle = -(-len(wanted) // THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, (wanted[at : at + middle] for at in range(0, len(wanted), middle))))


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
