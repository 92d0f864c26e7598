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
import secrets
import signal
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from pyteleport_jupyter.errors import ProtocolBroken
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.homecoming.kept_chunks import CHANGED, HERE, PLACE, REQUEST, collect
from pyteleport_jupyter.homecoming.kept_file import KeptFile, into_file, worth_moving
from pyteleport_jupyter.homecoming.other_memory import nobody_else_changes
from pyteleport_jupyter.objects import Pickled
from pyteleport_jupyter.relay.configuration import KeeperSettings
from pyteleport_jupyter.remote.control import COMMAND, PIECE, SHIP, Control
from pyteleport_jupyter.shipping import ChunkStore
from pyteleport_jupyter.shipping.cutting import CHUNK
from pyteleport_jupyter.shipping.digests import KEY_SIZE, available
from pyteleport_jupyter.shipping.memory import SMALL, available_bytes
from pyteleport_jupyter.shipping.offer import encode_answer
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.waiting import ready

KEPT_FROM = 32 << 20
"""Bytes of buffers from which on it is worth a process."""

SHARE = 2
"""It is kept if this many times as much memory is free as this process has: what is kept is missing to others
here, and when the session comes home it needs as much again.
"""

AFTER_CUT = 0.3
"""Seconds until the relay has taken over, and the processor has time for what nobody waits for."""

AT_REST = 1.5
"""Seconds more until the session will hardly come home at once."""

_DEVICES = re.compile(r" /dev/(?!shm/|zero)")
"""Memory of a device (a GPU) is given back when the last process that has mapped it ends."""

_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
"""linux/prctl.h"""


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
    key = secrets.token_bytes(KEY_SIZE)
    with theirs:
        try:
            pid = os.fork()
        except BaseException:
            ours.close()
            raise
        if pid == 0:
            try:
                _end_with_parent()
                live_apart({theirs.fileno()})
                _serve(theirs, pickled, key)
            finally:
                os._exit(0)
    return KeeperSettings(ours.detach(), pid, available(), key.hex())


def _end_with_parent() -> None:
    with suppress(OSError, AttributeError):
        system = ctypes.CDLL(None)
        system.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        system.prctl(_PR_SET_NAME, b"teleport-keeper", 0, 0, 0)


def live_apart(kept: Collection[int]) -> None:
    """In a child that was forked: have nothing that its parent has but its memory: no descriptor (a lock, a
    connection) but those ``kept``, no terminal.
    """
    gc.disable()
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
        if number > 2 and number not in kept:
            with suppress(OSError):
                os.close(number)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


# ------------------------------------------------------------------------------- the keeper


def _serve(line: socket.socket, pickled: Pickled, key: bytes) -> None:
    """Until the line is closed, whoever closes it."""
    control = Control(line.fileno())
    store, file = _prepared(line, pickled, key)
    while True:
        command = parse_command(control.hear(COMMAND)[1])
        if command["op"] == "offer":
            held = _compare(store, collect(control, int(command["size"])))
            control.say("answer", number=command["number"], held=encode_answer(held))
        elif command["op"] == "places":
            _tell_places(control, store, file)
        elif command["op"] == "hand out":
            control.say("here")
            line.setblocking(True)
            _hand_out(line, store)


def _prepared(line: socket.socket, pickled: Pickled, key: bytes) -> tuple[ChunkStore, KeptFile | None]:
    """What is kept. Digests are made when the cut is over, before they are asked for: that needs nobody to
    wait for them, if nobody else can change what they are of. Later it is put into a file.
    """
    store = _store_of(pickled.stream, pickled.buffers)
    large = [buffer for buffer in pickled.buffers if buffer.nbytes >= SMALL]
    if _asked(line, AFTER_CUT) or not nobody_else_changes(large):
        return store, None
    store.digest_ahead(available()[0], key)
    moving = worth_moving(large) if not _asked(line, AT_REST) else []
    file = into_file(moving, lambda: _asked(line, 0.0)) if moving else None
    if file is None:
        return store, None
    moved = set(map(id, moving))
    left = [buffer for buffer in pickled.buffers if id(buffer) not in moved]
    store = _store_of(pickled.stream, [*left, *file.parts])
    store.digest_ahead(available()[0], key)
    return store, file


def _store_of(stream: bytes, buffers: Sequence[Any]) -> ChunkStore:
    store = ChunkStore(alive=True)
    store.remember([stream, *buffers])
    return store


def _asked(line: socket.socket, seconds: float) -> bool:
    return bool(ready([line.fileno()], [], seconds)[0])


def _compare(store: ChunkStore, offer: bytes) -> bytes:
    try:
        return store.answer(offer)
    except ProtocolBroken:
        return b""


def _tell_places(control: Control, store: ChunkStore, file: KeptFile | None) -> None:
    fault("keeper.places")
    algorithm, key = store.terms or ("", b"")
    places = b"".join(PLACE.pack(*name, address) for name, address in store.places())
    found = {} if file is None else {"file": file.fd, "spans": file.spans()}
    control.say("places", algorithm=algorithm, key=key.hex(), size=len(places), **found)
    for start in range(0, len(places), PIECE):
        control.send(SHIP, places[start : start + PIECE])


def _hand_out(line: socket.socket, store: ChunkStore) -> None:
    room = memoryview(bytearray(CHUNK))
    while request := line.recv(REQUEST.size, socket.MSG_WAITALL):
        length, digest = REQUEST.unpack(request)
        place = room[:length]
        try:
            store.take((length, digest), place)
        except ProtocolBroken:
            line.sendall(CHANGED)
        else:
            line.sendall(HERE)
            line.sendall(place)
