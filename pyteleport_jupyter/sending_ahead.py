"""A large session is on its way, and being rebuilt there, while it is still being packed.

Pickling, the wire and restoring take about as long as each other where a session consists of many small
objects, so one after the other would be three times as long. Nothing is lost by beginning early: until the
cut all of it can be called off, and what arrived there goes with the link. Small sessions, which are packed
in a moment, are not begun before they are known to be able to move.

A thread sends. The pickler holds on to the interpreter but for a moment in each frame, and that is enough for
it; the stream goes first, because objects are made of it there, and buffers whenever it has to wait.
"""

from __future__ import annotations

import secrets
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from threading import Thread
from typing import Any

from pyteleport_jupyter.approach import Arrival
from pyteleport_jupyter.inventory import rates
from pyteleport_jupyter.inventory.packing import FAST
from pyteleport_jupyter.inventory.versions import differences
from pyteleport_jupyter.objects import chunks
from pyteleport_jupyter.preparing import Journey, Luggage, check, order, restore, ship
from pyteleport_jupyter.remote.arrival import in_short_turns
from pyteleport_jupyter.session.deposits import deposit_secret
from pyteleport_jupyter.session.own_modules import own_modules, top_level_names
from pyteleport_jupyter.session.snapshot import ALWAYS_THERE
from pyteleport_jupyter.shipping import Chooser, Consignment
from pyteleport_jupyter.shipping.ahead import OPENING, Block, buffer_blocks, end, stream_blocks
from pyteleport_jupyter.transports import Landed, Link
from pyteleport_jupyter.transports.conversing import converse
from pyteleport_jupyter.wire import Conversation

FROM = 4 << 20
"""A stream of so many bytes takes a quarter of a second to make: it is worth a thread."""

WAITING_LIMIT = 64 << 20
"""Most bytes of the stream that wait for the landing: beyond, the whole is sent when it is packed."""

IDLE_SECONDS = 0.01
"""So long the thread looks after the link before it looks for more to send."""


def may_be_sent_ahead(journey: Journey) -> bool:
    """Whether nothing has to be known of the whole session before it is sent: what it weighs (slow links),
    what of it stays, what has to be installed, or is there already.
    """
    options, rate = journey.options, rates.remembered(journey.target.text)
    whole = options.leave or options.install or journey.target.unchecked or deposit_secret()
    return not whole and (rate is None or rate >= FAST)


class SendingAhead(Thread):
    """An :class:`..objects.Outlet` that sends to the target, as soon as we have landed there.

    What must hold: bytes of the stream leave only when the target is known to have every package that was met
    until then; and until :meth:`finish` nothing has left that a closed link would not undo.
    """

    def __init__(
        self, link: Link, journey: Journey, there: Callable[[], Landed | None], paths: Iterable[str]
    ) -> None:
        super().__init__(name="sending-ahead", daemon=True)
        self._link, self._journey, self._there, self._paths = link, journey, there, tuple(paths)
        self._pieces: deque[bytes] = deque()
        self._buffers: list[memoryview] = []
        self._buffers_sent = self._size = self._count = 0
        self._needed: frozenset[str] = frozenset()
        self._fit: frozenset[str] = frozenset()
        self._complete = self._called_off = self._given_up = self._handed_over = False
        self._landed: Landed | None = None
        self._conversation: Conversation | None = None
        self._survey: Mapping[str, Any] = {}
        self._token = secrets.token_bytes(32)
        self._failure: BaseException | None = None

    # ------------------------------------------------------------ for the pickler

    def take(self, piece: bytes, modules: Collection[str]) -> None:
        """See :class:`..objects.Outlet`."""
        if len(modules) > self._count:
            # Before the piece: whoever sends it knows what it needs.
            self._count, self._needed = len(modules), frozenset(top_level_names(modules))
        if not self._given_up:
            self._pieces.append(piece)
            self._size += len(piece)
            if self._size >= FROM and not self.under_way:
                self._begin()

    def _begin(self) -> None:
        self._landed = self._there()
        if self._landed is not None:
            self.start()
        elif self._size > WAITING_LIMIT:
            self.start_over()

    def take_buffer(self, view: memoryview) -> None:
        """See :class:`..objects.Outlet`."""
        self._buffers.append(view)

    def start_over(self) -> None:
        """See :class:`..objects.Outlet`."""
        self._given_up = True
        self._pieces.clear()

    # ------------------------------------------------------------ for whoever packs

    @property
    def under_way(self) -> bool:
        """Whether it has begun, and has to be finished, or called off."""
        return self.ident is not None

    def suits(self, luggage: Luggage) -> bool:
        """Whether what was sent is of use, now that all is packed: not if the pickle was made once more, or
        needs what nobody asked for.
        """
        while self.is_alive() and not self._survey:
            self.join(IDLE_SECONDS)
        asked_for = self._survey.get("packages", {})
        useful = self.under_way and not self._given_up
        return useful and (not self._survey or set(luggage.modules) <= asked_for.keys())

    def finish(self, luggage: Luggage) -> Arrival:
        """Steps 4 and 5 of the road, as far as they are left. Raises as :func:`..preparing.prepare`."""
        self._journey.progress.stage("ship")
        self._check(luggage)
        self._fit |= self._needed
        self._complete = True
        while self.is_alive():
            self.join(10 * IDLE_SECONDS)
        conversation, landed = self._conversation, self._landed
        if self._failure is not None or conversation is None or landed is None:
            raise self._failure or RuntimeError("nothing was sent ahead")
        conversation.called_off = None
        self._ship_rest(conversation, luggage)
        prepared = restore(conversation, self._journey.progress)
        self._handed_over = True
        facts = int(prepared["pid"]), str(prepared["python"])
        return Arrival(self._link, conversation, self._token, landed, *facts)

    def _check(self, luggage: Luggage) -> None:
        """As before any other shipment."""
        if self._survey:
            versions = self._survey["packages"]
            asked_for = {name: versions.get(name) for name in luggage.modules}
            check({**self._survey, "packages": asked_for}, luggage, self._journey)

    def _ship_rest(self, conversation: Conversation, luggage: Luggage) -> None:
        _, *buffers = chunks.parts(luggage.pickled)
        left = (memoryview(b""), *buffers[self._buffers_sent :])
        chooser = Chooser(conversation.link_rate, conversation.codecs)
        ship(conversation, Consignment(left, choose=chooser.choose), self._journey)

    def call_off(self, patience: float) -> None:
        """Nothing of it shall stay there, unless it was finished. Returns when no thread is left."""
        self._called_off = True
        if self.under_way:
            self.join()
        if self._conversation is not None and not self._handed_over:
            self._conversation.called_off = None
            self._conversation.abort(patience)

    # ------------------------------------------------------------ the thread

    def run(self) -> None:
        """Called by the thread."""
        try:
            with in_short_turns():
                self._open()
                for block in self._blocks():
                    self._send(block)
        except BaseException as error:
            self._failure = error

    def _open(self) -> None:
        if self._landed is None:
            raise RuntimeError("not there yet")
        conversation = converse(self._link, self._landed, self._journey.target.host)
        conversation.called_off = lambda: self._called_off
        self._conversation = conversation
        own = top_level_names(own_modules())
        asked_for = sorted(_importable(set(top_level_names(list(sys.modules)) | self._needed) - own))
        survey = order(conversation, self._journey, asked_for, self._paths, self._token)
        self._fit = frozenset(ALWAYS_THERE | own | self._fitting(survey))
        self._survey = survey
        conversation.command("expect")
        self._send((memoryview(OPENING),))
        # What is set before anything is rebuilt.
        for block in buffer_blocks(self._buffers[0]):
            self._send(block)
        self._buffers_sent = 1

    def _fitting(self, survey: Mapping[str, Any]) -> set[str]:
        """What nobody could object to when all is packed."""
        there = survey.get("packages", {})
        majors = {found.module for found in differences(there, ()) if found.is_major}
        return {name for name, version in there.items() if version is not None and name not in majors}

    def _blocks(self) -> Iterator[Block]:
        """What there is to be sent, until all is packed and no buffer is half there."""
        buffer: Iterator[Block] = iter(())
        while True:
            while self._pieces and self._needed <= self._fit:
                yield from stream_blocks(memoryview(self._pieces.popleft()))
            block = next(buffer, None)
            if block is None and self._complete and not self._pieces:
                break
            more = not (self._complete or self._given_up) and self._buffers_sent < len(self._buffers)
            if block is None and more:
                buffer = buffer_blocks(self._buffers[self._buffers_sent])
                self._buffers_sent += 1
            elif block is None:
                self._attend()
            else:
                yield block
        yield end()

    def _send(self, block: Block) -> None:
        if self._conversation is not None:
            self._conversation.ship_raw(block)

    def _attend(self) -> None:
        if self._conversation is not None:
            self._conversation.attend(IDLE_SECONDS)


def _importable(names: Iterable[str]) -> set[str]:
    """Those that may have to be looked for on the target."""
    return {name for name in names if name not in ALWAYS_THERE and name.isidentifier()}
