"""The numbered channel: messages in lanes over links that come and go, each delivered once and in order.

Every piece of a message is queued first, then numbered, sent, and kept until the peer says that it has it.
When a link is lost, both sides forget what was half on its way; over the next link each says what it has
received, and the rest is sent again. Duplicates are dropped by their number, a gap is an error. (The shape
is that of magic-wormhole's ``_dilation``: always queue, number, acknowledge, replay.)

Sans-io: bytes come in by :meth:`NumberedChannel.receive`, go out by :meth:`~NumberedChannel.outgoing`, and
time is asked of an injected clock, so that all of it can be tested without a socket or a sleep.
"""

from __future__ import annotations

import struct
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyteleport_jupyter.wire.framing import CHUNK_LIMIT, Framer, Raw, WireError, encode_frame, split_frames
from pyteleport_jupyter.wire.keepalive import Keepalive
from pyteleport_jupyter.wire.lanes import MESSAGE_LIMIT, Lane, part_table, split_parts, table_size
from pyteleport_jupyter.wire.records import Ack, Data, Ping, Pong, Record, Taken, data_head, encode, parse

HIGH_WATER = 8 << 20
"""Above this many bytes without acknowledgement a caller should stop reading whatever it forwards."""

PENDING_LIMIT = 64 << 20
"""Above this many bytes :meth:`NumberedChannel.send` refuses: the caller has ignored HIGH_WATER."""

ACK_AFTER_BYTES = 1 << 20
"""So many received bytes are acknowledged at once; fewer wait for company or for a moment. Commands, which
are few and on which one side may end, do not wait.
"""

BATCH = 64 << 10
"""Small frames are joined up to this many bytes, to be written by one system call."""


class ChannelFull(RuntimeError):
    """More was sent than the channel may hold; look at :attr:`NumberedChannel.has_room` before sending."""


@dataclass(frozen=True, slots=True)
class Message:
    """One whole message as it arrived."""

    lane: Lane
    parts: tuple[bytes, ...]


class NumberedChannel:
    """One end of the channel. A new one is attached: its first link is there already.

    What must hold:

    - the numbers of ``_flight`` then ``_queue`` are consecutive, the first is ``acknowledged + 1``;
    - ``_flight`` is what this link has been given (wholly or in part), ``_queue`` is what it has not;
    - ``received`` counts pieces taken, also those of a message that is not complete yet.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.received = 0
        """Number of the last piece received in order."""
        self.hold_acks = False
        """Set while what was received cannot be used up yet: the peer will stop at its HIGH_WATER."""
        self.pending_bytes = 0
        """Bytes of all pieces that the peer has not acknowledged."""
        self.acknowledged = 0
        """Number of the last piece that the peer says it has."""
        self.last_number = 0
        """Number of the last piece that was queued."""
        self.raw_taken = 0
        """Raw bytes that this link has brought."""
        self.peer_took = 0
        """Raw bytes that the peer says to have taken."""
        self.stalled = False
        """Set while raw bytes cannot be used up yet, and so nothing is read: silence is no sign then."""
        self._taken_said = 0
        self._attached = True
        self._keepalive = Keepalive(clock)
        self._framer = Framer()
        self._partial: dict[Lane, bytearray] = {}
        self._missing: dict[Lane, int] = {}
        self._later: set[int] = set()
        self._flight: deque[bytes] = deque()
        self._queue: deque[bytes] = deque()
        self._urgent: deque[bytes] = deque()
        self._sending = memoryview(b"")

    @property
    def attached(self) -> bool:
        """Whether there is a link."""
        return self._attached

    @property
    def has_room(self) -> bool:
        """Whether more should be sent now (see HIGH_WATER)."""
        return self.pending_bytes < HIGH_WATER

    @property
    def idle(self) -> bool:
        """Whether the peer has acknowledged everything."""
        return not self.pending_bytes

    # ---------------------------------------------------------------- sending

    def send(self, lane: Lane, parts: Sequence[bytes | memoryview]) -> None:
        """Queue one message; it stays queued until the peer has it, over as many links as it takes.

        Raises :class:`ChannelFull` beyond PENDING_LIMIT and :class:`WireError` for a message over the limit
        of its lane.
        """
        # Commands are few and short, and what they say must get through when the lanes are full.
        if self.pending_bytes > PENDING_LIMIT and lane is not Lane.COMMAND:
            raise ChannelFull(f"{self.pending_bytes} bytes wait for the peer")
        size = table_size(parts) + sum(len(part) for part in parts)
        if size > MESSAGE_LIMIT[lane]:
            raise WireError(f"a message of {size} bytes is too long for {lane.name}")
        table = part_table(parts)
        if size <= CHUNK_LIMIT:
            self._enqueue(lane, 0, table, *parts)
            return
        message = memoryview(b"".join((table, *parts)))
        for start in range(0, size, CHUNK_LIMIT):
            chunk = message[start : start + CHUNK_LIMIT]
            self._enqueue(lane, size - start - len(chunk), chunk)
            if start:
                self._later.add(self.last_number)

    def _enqueue(self, lane: Lane, remaining: int, *pieces: bytes | memoryview) -> None:
        self.last_number += 1
        frame = encode_frame(data_head(self.last_number, lane, remaining), *pieces)
        self._queue.append(frame)
        self.pending_bytes += len(frame)

    def outgoing(self) -> memoryview:
        """The next bytes to write, empty when there is nothing to be said (or no link)."""
        if not self._sending and self._attached:
            self._sending = memoryview(self._next_batch())
        return self._sending

    def written(self, count: int) -> None:
        """Tell that the first ``count`` bytes of :meth:`outgoing` are on their way."""
        self._sending = self._sending[count:]

    def _next_batch(self) -> bytes:
        if (self._queue or self._keepalive.ack_due()) and not self.hold_acks:
            self._acknowledge()
        if self._queue and not self._urgent and len(self._queue[0]) >= BATCH // 2:
            return self._take_off()
        frames: list[bytes] = list(self._urgent)
        self._urgent.clear()
        size = 0
        while self._queue and size + len(self._queue[0]) <= BATCH:
            frames.append(self._take_off())
            size += len(frames[-1])
        return b"".join(frames)

    def _take_off(self) -> bytes:
        frame = self._queue.popleft()
        self._flight.append(frame)
        return frame

    def _acknowledge(self) -> None:
        if self._keepalive.unacknowledged:
            self._keepalive.acknowledged()
            self._say(Ack(self.received))

    def _say(self, record: Record) -> None:
        self._urgent.append(encode_frame(encode(record)))

    # -------------------------------------------------------------- receiving

    def receive(self, data: bytes | memoryview) -> list[Message]:
        """Take in what the link brought, in any split; return the messages completed by it.

        Raises :class:`WireError` for anything that the peer should not have sent; the link must then be
        closed.
        """
        if data:
            self._keepalive.heard()
        messages: list[Message] = []
        for body in self._framer.feed(data):
            if isinstance(body, Raw):
                self._count_raw(len(body))
                messages.append(Message(Lane.SHIP, (body,)))
            elif isinstance(record := parse(body), Data):
                messages.extend(self._take(record))
            else:
                self._obey(record)
        return messages

    @property
    def raw_left(self) -> int:
        """So many of the bytes that the link brings next are raw, and may be taken from it by others."""
        return self._framer.raw_left

    @property
    def between_raw(self) -> bool:
        """Whether raw bytes came last, and probably come next."""
        return self._framer.between_raw

    def raw_passed(self, count: int) -> None:
        """So many raw bytes have been taken from the link by others."""
        self._keepalive.heard()
        self._framer.passed(count)
        self._count_raw(count)

    def _count_raw(self, count: int) -> None:
        self.raw_taken += count
        if self.raw_taken - self._taken_said >= ACK_AFTER_BYTES:
            self._say_taken()

    def _say_taken(self) -> None:
        self._taken_said = self.raw_taken
        self._say(Taken(self.raw_taken))

    def _obey(self, record: Record) -> None:
        if isinstance(record, Ack):
            self._retire(record.received, self._flight)
        elif isinstance(record, Ping):
            # One answer is enough for any number of them: a peer that asks and never reads must not fill us.
            if _PONG not in self._urgent:
                self._urgent.append(_PONG)
        elif isinstance(record, Taken):
            self.peer_took = record.count
        elif not isinstance(record, Pong):
            raise WireError(f"{type(record).__name__} in the middle of a conversation")

    def _retire(self, received: int, frames: deque[bytes]) -> None:
        count = received - self.acknowledged
        if count > len(frames):
            raise WireError(f"the peer acknowledges {received}, more than it was sent")
        for _ in range(count):
            self.pending_bytes -= len(frames.popleft())
        self.acknowledged = max(self.acknowledged, received)
        if self._later:
            self._later = {number for number in self._later if number > received}

    def _take(self, piece: Data) -> list[Message]:
        self._keepalive.received(len(piece.chunk), 0 if piece.lane is Lane.COMMAND else ACK_AFTER_BYTES)
        if piece.number <= self.received:
            return []
        if piece.number != self.received + 1:
            raise WireError(f"piece {piece.number} came after piece {self.received}")
        message = self._assemble(piece)
        self.received = piece.number
        return [] if message is None else [Message(piece.lane, split_parts(message))]

    def _assemble(self, piece: Data) -> bytes | memoryview | None:
        size = len(piece.chunk) + piece.remaining
        if self._missing.get(piece.lane, size) != size or size > MESSAGE_LIMIT[piece.lane]:
            raise WireError(
                f"a message of {size} bytes in {piece.lane.name} is too long or has changed its length"
            )
        if not piece.remaining and piece.lane not in self._partial:
            return piece.chunk
        whole = self._partial.setdefault(piece.lane, bytearray())
        whole += piece.chunk
        if len(whole) + piece.remaining > MESSAGE_LIMIT[piece.lane]:
            raise WireError(f"a message in {piece.lane.name} is too long")
        if piece.remaining:
            self._missing[piece.lane] = piece.remaining
            return None
        del self._missing[piece.lane]
        return memoryview(self._partial.pop(piece.lane))

    # ------------------------------------------------------- links come and go

    def detach(self) -> None:
        """The link is gone. What it had half brought is forgotten, what it was given is kept to be sent
        again.
        """
        self._attached = False
        self._queue.extendleft(reversed(self._flight))
        self._flight.clear()
        self._urgent.clear()
        self._sending = memoryview(b"")
        self._framer = Framer()
        self.raw_taken = self.peer_took = self._taken_said = 0

    def attach(self, peer_received: int) -> None:
        """A new link is there and the peer has the pieces up to ``peer_received``; send the rest.

        Raises :class:`WireError` if the peer lacks what was retired long ago, or has what was never sent.
        """
        if self._attached:
            self.detach()
        if peer_received < self.acknowledged:
            raise WireError(f"the peer forgot what it had: {peer_received} after {self.acknowledged}")
        self._retire(peer_received, self._queue)
        self._attached = True
        self._keepalive.attached()

    def begin_anew(self) -> list[Message]:
        """Without a link: forget the peer, for one that knows nothing of what was said. Returns the messages
        that the last one has not got, to be sent again as far as they are for the new one.

        A message of which it had got the beginning is not among them.
        """
        reader = NumberedChannel()
        pieces = [parse(body) for body in Framer().feed(b"".join(self._queue))]
        whole: list[Message] = []
        begun: set[Lane] = set()
        for piece in pieces:
            if isinstance(piece, Data) and (piece.number not in self._later or piece.lane in begun):
                begun.add(piece.lane)
                reader.received = piece.number - 1
                whole += reader._take(piece)
        self._queue.clear()
        self._later.clear()
        self._partial.clear()
        self._missing.clear()
        self.received = self.acknowledged = self.last_number = self.pending_bytes = 0
        return whole

    # -------------------------------------------------------------- keepalive

    def tick(self) -> None:
        """To be called at least every :meth:`timeout` seconds: asks for a sign of life after a silence."""
        if not self._keepalive.tick() or not self._attached:
            return
        if self.stalled:
            self._keepalive.heard()
            self._say_taken()
        else:
            self._say(Ping())

    @property
    def lost(self) -> bool:
        """Whether the link has been silent for so long that it must be taken for dead."""
        return self._attached and self._keepalive.lost()

    def timeout(self) -> float:
        """Seconds until :meth:`tick` or :meth:`outgoing` will have something to do."""
        return self._keepalive.timeout() if self._attached else 3600.0

    # ------------------------------------------------------------- freeze/thaw

    def freeze(self) -> bytes:
        """All of it as bytes, to cross ``execv`` while the link stays open; half-written and half-read bytes
        included.
        """
        partial = [
            bytes([lane]) + struct.pack(">I", self._missing[lane]) + whole
            for lane, whole in self._partial.items()
        ]
        parts = [
            _FROZEN.pack(self.received, self.acknowledged, self.last_number, self._attached),
            self._framer.half,
            bytes(self._sending),
            b"".join(self._urgent),
            b"".join(self._flight),
            b"".join(self._queue),
            *partial,
        ]
        return b"".join((part_table(parts), *parts))

    @classmethod
    def thaw(cls, frozen: bytes, clock: Callable[[], float] = time.monotonic) -> NumberedChannel:
        """Undo :meth:`freeze`. Raises :class:`WireError` if the bytes are not those of a frozen channel."""
        channel = cls(clock)
        state, half, sending, urgent, flight, queue, *partial = _frozen_parts(frozen)
        channel.received, channel.acknowledged, channel.last_number, channel._attached = _FROZEN.unpack(state)
        channel._framer = Framer(half)
        channel._sending = memoryview(sending)
        channel._urgent.extend(split_frames(urgent))
        channel._flight.extend(split_frames(flight))
        channel._queue.extend(split_frames(queue))
        channel.pending_bytes = len(flight) + len(queue)
        for part in partial:
            lane = Lane(part[0])
            channel._missing[lane] = int.from_bytes(part[1:5], "big")
            channel._partial[lane] = bytearray(part[5:])
        channel._keepalive.received(0, 0)
        return channel


_FROZEN = struct.Struct(">QQQ?")
_PONG = encode_frame(encode(Pong()))


def _frozen_parts(frozen: bytes) -> tuple[bytes, ...]:
    parts = split_parts(frozen)
    if len(parts) < 6 or len(parts[0]) != _FROZEN.size:
        raise WireError("these bytes are not a frozen channel")
    return parts
