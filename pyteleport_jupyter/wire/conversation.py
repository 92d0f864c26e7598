"""The blocking use of a channel: the departing kernel talks to the supervisor, one question at a time.

Every wait has an end, and a KeyboardInterrupt gets through at any moment (the session is then still whole
here; the caller aborts and closes the link).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pyteleport_jupyter import errors
from pyteleport_jupyter.wire.channel import Message
from pyteleport_jupyter.wire.commands import encode_command, parse_command
from pyteleport_jupyter.wire.framing import RAW_LIMIT, WireError
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.pipe import Pipe

MEASURED_FROM = 4 << 20
"""So many raw bytes may lie in buffers on the way: how fast they went away says nothing of the link."""

FORGOTTEN_AFTER = 8 << 20, 0.5
"""Bytes, and seconds, after which what was measured counts half: a link changes, and the far side may just
have started.
"""

BUSY = 0.1
"""The share of the time that a link must make us wait, to be what limits us."""

RUN_SECONDS = 0.02
RUN_PIECES = 256
"""Most pieces of a run; the system takes 1024 at once."""

INBOX_LIMIT = 64
"""Most answers kept that nobody has asked for yet."""

TURN = 0.1
"""Seconds after which somebody who may be called off looks whether they are."""

SHIP_PATIENCE = 120.0
"""Seconds that shipping may stand still although the link is alive (the kernel there may be slow to
start).
"""


class Conversation:
    """Commands and answers over ``pipe`` with ``host`` (named in errors).

    ``explain`` is asked for a reason when the link breaks (what the child wrote to stderr); see
    :func:`pyteleport_jupyter.transports.link.complaint`. ``leftover`` are bytes that came with the landing.
    """

    def __init__(
        self,
        pipe: Pipe,
        host: str = "the target",
        explain: Callable[[], str] = lambda: "",
        leftover: bytes = b"",
    ) -> None:
        self.pipe = pipe
        self.host = host
        self.codecs: tuple[str, ...] = ()
        """By which the other side can unpack what it is shipped, as its survey says."""
        self.called_off: Callable[[], bool] | None = None
        """Set where another thread may end what is under way: it raises MoveCancelled then."""
        self._explain = explain
        self._inbox: list[dict[str, Any]] = []
        self._measure = _Measure()
        self._receive(leftover)

    def command(self, op: str, **fields: object) -> None:
        """Say ``op``; goes out at once as far as the link takes it."""
        self.pipe.channel.send(Lane.COMMAND, [encode_command(op, **fields)])
        self.pipe.flush()

    def wait_for(self, op: str, deadline: float, stage: str | None = None) -> dict[str, Any]:
        """The next answer ``op`` as a dict, waiting until ``deadline`` (``time.monotonic``).

        Answers of other names are kept for later. Raises the error that the other side reports as
        ``failed``, LinkLost, LinkTimeout (naming ``stage``), ProtocolBroken.
        """
        began = time.monotonic()
        while True:
            for position, answer in enumerate(self._inbox):
                if answer["op"] == op:
                    return self._inbox.pop(position)
            self._check_link()
            left = deadline - time.monotonic()
            if left <= 0:
                raise errors.LinkTimeout(host=self.host, seconds=f"{deadline - began:.0f}", stage=stage or op)
            self._pump(left)

    def ship(self, slices: Iterable[memoryview], progress: Callable[[int], None] = lambda total: None) -> int:
        """Send the snapshot slice by slice (<= 256 KiB each), never further ahead than the channel has room
        for.

        ``progress`` is told the bytes handed over so far. Returns their total. Raises as :meth:`wait_for`.
        """
        total = 0
        for piece in slices:
            self._wait_until(lambda: self.pipe.channel.has_room)
            self._check_link()
            self.pipe.channel.send(Lane.SHIP, [piece])
            total += len(piece)
            self._pump(0.0)
            progress(total)
        return total

    def ship_raw(
        self, slices: Iterable[memoryview], progress: Callable[[int], None] = lambda total: None
    ) -> int:
        """As :meth:`ship`, straight from memory: neither copied nor numbered, and lost with the link.

        For a supervisor that is waiting for a snapshot, before anything would be replayed.
        """
        pipe, total = self.pipe, 0
        self._measure = _Measure()
        for run in self._runs(slices):
            began, size = time.monotonic(), sum(map(len, run))
            pipe.send_raw(*run)
            pipe.flush()
            if pipe.raw_waits:
                self._wait_until(lambda: not pipe.raw_waits)
            else:
                self._pump(0.0)  # what the other side says must not wait for a link that never lets us wait
            self._check_link()
            total += size
            self._measure.sent(size, began)
            progress(total)
        return total

    def _runs(self, slices: Iterable[memoryview]) -> Iterator[list[memoryview]]:
        """Slices that are sent at once: looking after everything else for each of them would take as long as
        sending it. Over a slow link no more than it takes in a moment, since progress is told between two.
        """
        run: list[memoryview] = []
        size = 0
        for piece in slices:
            rate = self._measure.rate()
            limit = RAW_LIMIT if rate is None else min(RAW_LIMIT, rate * RUN_SECONDS)
            if run and (size + len(piece) > limit or len(run) == RUN_PIECES):
                yield run
                run, size = [], 0
            run.append(piece)
            size += len(piece)
        if run:
            yield run

    def attend(self, seconds: float) -> None:
        """Keep the link alive for so long, while there is nothing to say. Raises as :meth:`wait_for`."""
        self._check_link()
        self._pump(seconds)

    def link_rate(self) -> float | None:
        """Bytes per second that the link takes, None while too little was shipped to tell, infinite where it
        is not what limits us.
        """
        return self._measure.rate()

    def abort(self, seconds: float = 2.0) -> None:
        """Tell the other side to leave nothing behind and wait until it has hung up. Never raises but for
        Ctrl-C.
        """
        deadline = time.monotonic() + seconds
        try:
            self.command("abort")
            while not self.pipe.closed and (left := deadline - time.monotonic()) > 0:
                self._pump(left)
        except (errors.TeleportError, RuntimeError, WireError):
            return

    def _wait_until(self, done: Callable[[], bool]) -> None:
        """Until it is ``done``, as long as the other side takes more and more."""
        taken, deadline = -1, 0.0
        while not done():
            self._check_link()
            channel = self.pipe.channel
            if (now_taken := channel.peer_took - channel.pending_bytes) != taken:
                taken, deadline = now_taken, time.monotonic() + SHIP_PATIENCE
            left = deadline - time.monotonic()
            if left <= 0:
                raise errors.LinkTimeout(
                    host=self.host, seconds=f"{SHIP_PATIENCE:.0f}", stage="the session to be taken"
                )
            self._pump(left)

    def _pump(self, seconds: float) -> None:
        """Move bytes in both directions, waiting at most ``seconds`` for something to happen."""
        pipe = self.pipe
        pipe.flush()
        wait = min(seconds, pipe.channel.timeout(), TURN if self.called_off else math.inf)
        if pipe.wait(wait):
            self._receive(None)
        pipe.flush()

    def _receive(self, data: bytes | None) -> None:
        """Take in ``data``, or what the pipe has."""
        try:
            messages = self.pipe.fill() if data is None else self.pipe.channel.receive(data)
        except WireError as error:
            raise errors.ProtocolBroken(host=self.host, reason=error) from None
        for message in messages:
            self._keep(message)

    def _check_link(self) -> None:
        if self.called_off is not None and self.called_off():
            raise errors.MoveCancelled(host=self.host)
        if self.pipe.closed:
            raise errors.LinkLost(host=self.host, reason=self._explain() or "it was closed")
        if self.pipe.channel.lost:
            raise errors.LinkLost(host=self.host, reason=self._explain() or "nothing was heard for too long")

    def _keep(self, message: Message) -> None:
        if message.lane is not Lane.COMMAND:
            raise errors.ProtocolBroken(host=self.host, reason=f"{message.lane.name} before it was asked for")
        try:
            answer = parse_command(message.parts[0] if message.parts else b"")
        except WireError as error:
            raise errors.ProtocolBroken(host=self.host, reason=error) from None
        if answer["op"] == "failed":
            raise errors.from_record(answer, host=self.host)
        if len(self._inbox) >= INBOX_LIMIT:
            raise errors.ProtocolBroken(host=self.host, reason="it talks without being asked")
        self._inbox.append(answer)


class _Measure:
    """How fast the link takes raw bytes, and whether we wait for it at all: a compressor may be slower."""

    def __init__(self) -> None:
        self._unmeasured = MEASURED_FROM
        self._bytes = self._waited = self._elapsed = 0.0
        self._last = time.monotonic()

    def sent(self, size: int, began: float) -> None:
        """So many bytes have been given to the link, which was asked to take some from ``began`` on."""
        now = time.monotonic()
        elapsed, self._last = now - self._last, now
        if self._unmeasured > 0:
            self._unmeasured -= size
            return
        self._bytes += size
        self._elapsed += elapsed
        self._waited += now - began
        if self._bytes > FORGOTTEN_AFTER[0] or self._elapsed > FORGOTTEN_AFTER[1]:
            self._bytes, self._elapsed, self._waited = self._bytes / 2, self._elapsed / 2, self._waited / 2

    def rate(self) -> float | None:
        """See :meth:`Conversation.link_rate`."""
        if not self._bytes or not self._elapsed:
            return None
        return self._bytes / self._elapsed if self._waited > BUSY * self._elapsed else math.inf
