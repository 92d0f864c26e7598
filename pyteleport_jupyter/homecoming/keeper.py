"""What stays here of a session that leaves: its data, so that it need not come home over the wire again.

Exec frees the memory of a kernel that becomes a relay, but not that of a process forked before, which shares
its pages. This one runs nothing of the user's: it tells which chunks of an offer it has, and hands them out,
to whoever holds the other end of its socket. When that end is closed, or the relay is killed, it ends; when
memory gets short, the system ends it before all others, and the session comes home in full.
"""

from __future__ import annotations

import ctypes
import gc
import os
import re
import signal
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from pyteleport_jupyter.errors import ProtocolBroken, RestoreFailed
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.homecoming.other_memory import read_memory
from pyteleport_jupyter.objects import Pickled
from pyteleport_jupyter.relay.configuration import KeeperSettings
from pyteleport_jupyter.remote.control import COMMAND, PIECE, SHIP, Control
from pyteleport_jupyter.shipping import ChunkStore
from pyteleport_jupyter.shipping.cutting import CHUNK
from pyteleport_jupyter.shipping.digests import DIGEST_SIZE, Digest, available, digest_function
from pyteleport_jupyter.shipping.memory import available_bytes
from pyteleport_jupyter.shipping.offer import Name, encode_answer
from pyteleport_jupyter.wire.commands import parse_command

KEPT_FROM = 32 << 20
"""Bytes of buffers from which on it is worth a process."""

SHARE = 2
"""It is kept if this many times as much memory is free as this process has: what is kept is missing to others
here, and when the session comes home it needs as much again.
"""

_DEVICES = re.compile(r" /dev/(?!shm/|zero)")
"""Memory of a device (a GPU) is given back when the last process that has mapped it ends."""

_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
"""linux/prctl.h"""

_REQUEST = struct.Struct(f"!I{DIGEST_SIZE}s")
_PLACE = struct.Struct(f"!I{DIGEST_SIZE}sQ")
_HERE, _CHANGED = b"\1", b"\0"


def starter(pickled: Pickled, home: Mapping[str, Any] | None) -> Callable[[], KeeperSettings] | None:
    """How the cut-over starts a keeper of ``pickled``; None where it would not be worth it, or the session
    will not come home (``home`` is the record of that).
    """
    if home is None or home["allowed"] is False or not worth_keeping(pickled):
        return None
    return partial(keep, pickled)


def worth_keeping(pickled: Pickled) -> bool:
    """Whether there is enough of it, and room for it here."""
    if sum(buffer.nbytes for buffer in pickled.buffers) < KEPT_FROM:
        return False
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
            mapped = file.read()
    except OSError:
        return False  # Not Linux: nothing would end the keeper if memory got short.
    return SHARE * resident < available_bytes() and not _DEVICES.search(mapped)


def keep(pickled: Pickled) -> KeeperSettings:
    """Fork the keeper; whoever closes the descriptor ends it. Raises OSError."""
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            pid = os.fork()
        except BaseException:
            ours.close()
            raise
        if pid == 0:
            try:
                _live_apart(theirs.fileno())
                _serve(theirs, pickled)
            finally:
                os._exit(0)
    return KeeperSettings(ours.detach(), pid, available())


def _live_apart(fd: int) -> None:
    """Nothing that this process has but its memory: no descriptor (a lock, a connection), no terminal."""
    gc.disable()
    with suppress(OSError, AttributeError):
        system = ctypes.CDLL(None)
        system.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        system.prctl(_PR_SET_NAME, b"teleport-keeper", 0, 0, 0)
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    # Not closerange: where a thousand million descriptors are allowed, it may try each of them.
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2 and number != fd:
            with suppress(OSError):
                os.close(number)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


# ------------------------------------------------------------------------------- the keeper


def _serve(line: socket.socket, pickled: Pickled) -> None:
    """Until the line is closed, whoever closes it."""
    store = ChunkStore(alive=True)
    store.remember([pickled.stream, *pickled.buffers])
    control = Control(line.fileno())
    while True:
        command = parse_command(control.hear(COMMAND)[1])
        if command["op"] == "offer":
            held = _compare(store, _collect(control, int(command["size"])))
            control.say("answer", number=command["number"], held=encode_answer(held))
        elif command["op"] == "places":
            _tell_places(control, store)
        elif command["op"] == "hand out":
            control.say("here")
            line.setblocking(True)
            _hand_out(line, store)


def _compare(store: ChunkStore, offer: bytes) -> bytes:
    try:
        return store.answer(offer)
    except ProtocolBroken:
        return b""


def _collect(control: Control, size: int) -> bytes:
    offer = bytearray()
    while len(offer) < size:
        offer += control.hear(SHIP)[1]
    return bytes(offer)


def _tell_places(control: Control, store: ChunkStore) -> None:
    fault("keeper.places")
    algorithm, key = store.terms or ("", b"")
    places = b"".join(_PLACE.pack(*name, address) for name, address in store.places())
    control.say("places", algorithm=algorithm, key=key.hex(), size=len(places))
    for start in range(0, len(places), PIECE):
        control.send(SHIP, places[start : start + PIECE])


def _hand_out(line: socket.socket, store: ChunkStore) -> None:
    room = memoryview(bytearray(CHUNK))
    while request := line.recv(_REQUEST.size, socket.MSG_WAITALL):
        length, digest = _REQUEST.unpack(request)
        place = room[:length]
        try:
            store.take((length, digest), place)
        except ProtocolBroken:
            line.sendall(_CHANGED)
        else:
            line.sendall(_HERE)
            line.sendall(place)


# ------------------------------------------------------------------------------- whoever comes home


class KeptChunks:
    """What a keeper holds, for :func:`~pyteleport_jupyter.shipping.receive`."""

    def __init__(self, keeper: KeeperSettings) -> None:
        self._line = socket.socket(fileno=os.dup(keeper.fd))
        self._pid = keeper.pid
        self._places: dict[Name, int] | None = None
        self._digest: Digest | None = None
        self._asked = False

    def twin(self, part: int) -> None:
        """None: its memory is another process's."""

    def take(self, name: Name, into: memoryview) -> None:
        """Fill ``into`` with the chunk ``name`` of the offer. Raises RestoreFailed."""
        try:
            if self._is_read(name, into):
                return
            if not self._asked:
                self._begin()
            self._line.sendall(_REQUEST.pack(*name))
            self._fill(memoryview(head := bytearray(1)))
            if head == _HERE:
                self._fill(into)
                return
        except (OSError, EOFError) as error:
            raise RestoreFailed(host="home", reason=f"what was kept here is gone ({error})") from None
        raise RestoreFailed(host="home", reason="what was kept here has changed")

    def _is_read(self, name: Name, into: memoryview) -> bool:
        """Whether ``into`` was filled from where it lies. Through the socket each piece would have to wait
        until both processes have had their turn.
        """
        if self._places is None:
            self._learn_places()
        address = (self._places or {}).get(name)
        if address is None or self._digest is None or not read_memory(self._pid, address, into):
            return False
        return self._digest(into) == name[1]

    def _learn_places(self) -> None:
        control = Control(self._line.fileno())
        control.say("places")
        answer = control.command("places")
        places = _collect(control, int(answer["size"]))
        self._places = {(size, digest): address for size, digest, address in _PLACE.iter_unpack(places)}
        if answer["algorithm"]:
            self._digest = digest_function(answer["algorithm"], bytes.fromhex(answer["key"]))

    def _begin(self) -> None:
        control = Control(self._line.fileno())
        control.say("hand out")
        control.command("here")
        self._line.setblocking(True)
        self._asked = True

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
        self._line.close()
