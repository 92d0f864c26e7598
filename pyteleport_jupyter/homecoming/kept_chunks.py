"""What a keeper holds, for whoever comes home; see :mod:`.keeper`."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from pyteleport_jupyter.errors import RestoreFailed
from pyteleport_jupyter.homecoming.other_memory import read_memory
from pyteleport_jupyter.relay.configuration import KeeperSettings
from pyteleport_jupyter.remote.control import SHIP, Control
from pyteleport_jupyter.shipping.deposit import in_threads
from pyteleport_jupyter.shipping.digests import DIGEST_SIZE, THREADS, digest_function
from pyteleport_jupyter.shipping.laid_over import LaidOver, Wanted, runs
from pyteleport_jupyter.shipping.offer import Name

REQUEST = struct.Struct(f"!I{DIGEST_SIZE}s")
PLACE = struct.Struct(f"!I{DIGEST_SIZE}sQ")
HERE, CHANGED = b"\1", b"\0"

TOGETHER = 16
"""So many chunks are read by one call: the interpreter, which is importing meanwhile, is asked for its turn
only once for them.
"""


class KeptChunks:
    """What a keeper holds, for :func:`~pyteleport_jupyter.shipping.receive`."""

    def __init__(self, keeper: KeeperSettings) -> None:
        self._line = socket.socket(fileno=os.dup(keeper.fd))
        self._pid = keeper.pid
        self._wanted: list[Wanted] = []
        self._places: dict[Name, int] | None = None
        self._offsets: dict[Name, int] = {}
        self._terms = "", b""
        self._handing_out = False
        self.laid_over: LaidOver | None = None
        """What was not copied: it must be made our own when it is certain that nobody else needs it."""

    def twin(self, part: int) -> None:
        """None: its memory is another process's."""

    def take(self, name: Name, into: memoryview) -> None:
        """Note that ``into`` is the place of the chunk ``name`` of the offer."""
        self._wanted.append((name, into))

    def settle(self) -> None:
        """Fill all that was noted. Raises RestoreFailed."""
        wanted, self._wanted = self._wanted, []
        if not wanted:
            return
        try:
            self._ask_for(self._not_read(wanted))
        except (OSError, EOFError) as error:
            raise RestoreFailed(host="home", reason=f"what was kept here is gone ({error})") from None

    def _not_read(self, wanted: list[Wanted]) -> list[Wanted]:
        """What could not be read from where it lies. Through the socket each piece would have to wait until
        both processes have had their turn.
        """
        places = self._where_they_lie()
        if not places:
            return wanted
        wanted = self._not_laid(wanted)
        if not wanted:
            return []
        middle = -(-len(wanted) // THREADS)
        shares = [wanted[at : at + middle] for at in range(0, len(wanted), middle)]
        with ThreadPoolExecutor(THREADS) as pool:
            left = pool.map(partial(_read, self._pid, places, self._terms), shares)
            return [one for share in left for one in share]

    def _not_laid(self, wanted: list[Wanted]) -> list[Wanted]:
        """What is not in a file whose pages can be laid over memory. Raises RestoreFailed."""
        if self.laid_over is None:
            return wanted
        there = [one for one in wanted if one[0] in self._offsets]
        left = [self.laid_over.lay_run(*run) for run in runs(there, self._offsets)]
        copied = {id(into) for run in left for _, into in run}
        in_threads(self._check, [one for one in there if id(one[1]) not in copied])
        return [one for one in wanted if one[0] not in self._offsets or id(one[1]) in copied]

    def _check(self, wanted: list[Wanted]) -> None:
        digest = digest_function(*self._terms)
        if any(digest(into) != name[1] for name, into in wanted):
            raise RestoreFailed(host="home", reason="what was kept here has changed")

    def _take_file(self, answer: Mapping[str, Any], places: Mapping[Name, int]) -> None:
        """The file that most of it is in, if it is in one and the system gives it to us."""
        with suppress(OSError):
            fd = os.open(f"/proc/{self._pid}/fd/{int(answer['file'])}", os.O_RDWR)
            try:
                self.laid_over = LaidOver(fd)
            finally:
                os.close(fd)
            for begin, size, offset in answer["spans"]:
                inside = {name: at for name, at in places.items() if begin <= at < begin + size}
                self._offsets |= {name: at - begin + offset for name, at in inside.items()}

    def _where_they_lie(self) -> dict[Name, int]:
        """Asked once: from the first chunk that is handed out on the line is for chunks."""
        if self._places is None:
            control = Control(self._line.fileno())
            control.say("places")
            answer = control.command("places")
            content = collect(control, int(answer["size"]))
            there = PLACE.iter_unpack(content if answer["algorithm"] else b"")
            self._places = {(size, digest): address for size, digest, address in there}
            self._terms = str(answer["algorithm"]), bytes.fromhex(answer["key"])
            if "file" in answer:
                self._take_file(answer, self._places)
        return self._places

    def _ask_for(self, wanted: Iterable[Wanted]) -> None:
        """Through the socket."""
        for name, into in wanted:
            if not self._handing_out:
                self._begin()
                self._handing_out = True
            self._line.sendall(REQUEST.pack(*name))
            self._fill(memoryview(head := bytearray(1)))
            if head != HERE:
                raise RestoreFailed(host="home", reason="what was kept here has changed")
            self._fill(into)

    def _begin(self) -> None:
        control = Control(self._line.fileno())
        control.say("hand out")
        control.command("here")
        self._line.setblocking(True)

    def _fill(self, view: memoryview) -> None:
        while view:
            count = self._line.recv_into(view, len(view), socket.MSG_WAITALL)
            if not count:
                raise EOFError("its process has ended")
            view = view[count:]

    def remember(self, parts: object) -> None:
        """Nothing: what has come is the session's."""

    def forget_offer(self) -> None:
        """It was the last one."""
        self._wanted.clear()
        self._line.close()


def collect(control: Control, size: int) -> bytes:
    """The next ``size`` bytes of content."""
    content = bytearray()
    while len(content) < size:
        content += control.hear(SHIP)[1]
    return bytes(content)


def _read(pid: int, places: dict[Name, int], terms: tuple[str, bytes], wanted: list[Wanted]) -> list[Wanted]:
    """In a thread: fill what can be read of ``wanted``; returns the rest, and what is not as it was."""
    digest = digest_function(*terms)
    there = [one for one in wanted if one[0] in places]
    left = [one for one in wanted if one[0] not in places]
    for batch in _batches(there):
        if read_memory(pid, [(places[name], into) for name, into in batch]):
            left += [(name, into) for name, into in batch if digest(into) != name[1]]
        else:
            left += batch
    return left


def _batches(wanted: list[Wanted]) -> Iterator[list[Wanted]]:
    for at in range(0, len(wanted), TOGETHER):
        yield wanted[at : at + TOGETHER]
