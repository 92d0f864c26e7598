"""A kernel that runs single cells for a session which stays elsewhere.

Each cell brings the variables that it needs and takes back what has become of them; nothing else passes from
one to the next but memory that the next one may need again (:mod:`pyteleport_jupyter.shipping`), and what
could not go back. Here are the messages; :mod:`.errand` is what happens to one cell.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pyteleport_jupyter.errors import ErrandFailed, ProtocolBroken, TeleportError
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.remote.errand import run
from pyteleport_jupyter.remote.errand_homeward import Homebound, Homeward, Lasting
from pyteleport_jupyter.remote.errand_host import runs_cells_on
from pyteleport_jupyter.remote.errand_memory import KeptMemory
from pyteleport_jupyter.remote.errand_messages import BYTES, FETCH, OFFER, PIECE, REPACK, RUN, SMALL
from pyteleport_jupyter.remote.errand_order import ErrandOrder
from pyteleport_jupyter.remote.errand_stops import Stops
from pyteleport_jupyter.remote.inflow import Inflow
from pyteleport_jupyter.shipping import ChunkStore, Consignment, Room, make_offer

Work = Callable[[Any], tuple[dict[str, Any], list[Any]]]
"""Content and buffers of the reply to a message."""


class Errands:
    """The handlers of one kernel. Messages come one after another, in the kernel's main thread."""

    def __init__(self, kernel: Any, stops: Stops) -> None:
        self._kernel = kernel
        self._stops = stops
        self._lasting = Lasting(stops)
        self._store = ChunkStore()
        self._inflow: Inflow | None = None
        self._memory = KeptMemory()
        self._outflow: Iterator[memoryview] | None = None
        self._leaving: tuple[memoryview, ...] = ()
        self._homeward: Homeward | None = None

    def handlers(self) -> dict[str, Any]:
        """By type of message."""
        return {
            OFFER: self._offer,
            BYTES: self._bytes,
            RUN: self._run,
            REPACK: self._repack,
            FETCH: self._fetch,
        }

    def _reply(
        self, stream: Any, ident: Any, parent: Any, content: dict[str, Any], buffers: Any = ()
    ) -> None:
        kind = parent["header"]["msg_type"] + "_reply"
        self._kernel.session.send(stream, kind, content, parent, ident=ident, buffers=list(buffers))

    async def _offer(self, stream: Any, ident: Any, parent: Any) -> None:
        """What of the things that come is here already."""
        if self._inflow is not None:
            self._inflow.cancel()
        self._answer(stream, ident, parent, self._what_is_here)

    def _what_is_here(self, parent: Any) -> tuple[dict[str, Any], list[Any]]:
        fault("errand.offer")
        self._memory.trim()
        try:
            answer = self._store.answer(bytes(parent["buffers"][0]), adopt=True)
        except (TeleportError, IndexError):
            answer = b""
        self._inflow = Inflow(self._store)
        return {}, [answer]

    async def _bytes(self, stream: Any, ident: Any, parent: Any) -> None:
        """A piece of a consignment. Nobody waits for a reply."""
        if self._inflow is not None:
            for piece in parent["buffers"]:
                self._inflow.add(piece)

    async def _run(self, stream: Any, ident: Any, parent: Any) -> None:
        """Run a cell. Whatever happens, there is a reply."""
        self._homeward = None
        # The interrupt of a Stop may come at any instruction of ours: what it finds is a cell that was
        # stopped while its objects were put together, here or for the way back.
        content: dict[str, Any] = {"status": "stopped"}
        buffers: list[Any] = []
        before = signal.getsignal(signal.SIGINT)
        with suppress(KeyboardInterrupt):
            try:
                content, buffers = await self._outcome(parent)
            finally:
                _ignore_interrupts()
        _ignore_interrupts()
        self._reply(stream, ident, parent, content, buffers)
        _interrupts_go_to(before)

    async def _outcome(self, parent: Any) -> tuple[dict[str, Any], list[Any]]:
        try:
            with self._stops.can_stop(parent["header"]["msg_id"]):
                order = ErrandOrder.parse(parent["content"])
                runs_cells_on(order.host)
                fault("errand.run")
                parts = self._parts(parent)
                prints = self._store.fingerprints()
                self._homeward = await run(self._kernel, order, parts, self._lasting, prints)
                fault("errand.pack")
                return self._packed(self._homeward.pack())
        except Exception as error:
            return _failed(error), []

    async def _repack(self, stream: Any, ident: Any, parent: Any) -> None:
        """What the last cell changed once more, without what needs packages that the session lacks."""
        self._answer(stream, ident, parent, self._packed_again)

    def _packed_again(self, parent: Any) -> tuple[dict[str, Any], list[Any]]:
        if self._homeward is None:
            raise ProtocolBroken(reason="there is nothing to be packed again")
        without = [str(name) for name in parent["content"]["without"]]
        return self._packed(self._homeward.pack(without))

    def _answer(self, stream: Any, ident: Any, parent: Any, work: Work) -> None:
        """Reply what ``work`` gives, or why it has failed. A Stop that was meant for the cell comes too
        late: the other side, which waits, gives up by itself."""
        with _interrupts_ignored():
            try:
                content, buffers = work(parent)
            except Exception as error:
                content, buffers = _failed(error), []
            self._reply(stream, ident, parent, content, buffers)

    def _parts(self, parent: Any) -> list[Any]:
        if not parent["content"].get("shipped"):
            # Copies that can be written to: arrays live in them.
            return [bytearray(buffer) for buffer in parent["buffers"]]
        inflow, self._inflow = self._inflow, None
        if inflow is None:
            raise ProtocolBroken(reason="a cell without the objects that it needs")
        rooms: list[Room] = inflow.result()
        self._memory.take(rooms[1:])  # but for the stream, which the store keeps
        return list(rooms)

    def _packed(self, homebound: Homebound) -> tuple[dict[str, Any], list[Any]]:
        self._outflow, self._leaving = None, ()
        content = {"status": "ok", **homebound.facts}
        if homebound.size <= SMALL:
            return content, list(homebound.parts)
        offer = make_offer(homebound.parts)
        self._leaving = homebound.parts
        self._offered = offer
        return {**content, "offered": True}, [offer.encode()]

    async def _fetch(self, stream: Any, ident: Any, parent: Any) -> None:
        """The next piece of what goes back; the first request brings the answer to the offer."""
        self._answer(stream, ident, parent, self._next_piece)

    def _next_piece(self, parent: Any) -> tuple[dict[str, Any], list[Any]]:
        if self._outflow is None:
            answer = bytes(parent["buffers"][0]) if parent["buffers"] else b""
            self._outflow = iter(Consignment(self._leaving, self._offered, answer))
        fault("errand.piece")
        pieces: list[memoryview] = []
        size = 0
        for piece in self._outflow:
            pieces.append(piece)
            size += piece.nbytes
            if size >= PIECE:
                break
        return {"over": size < PIECE}, list(pieces)


def _failed(error: Exception) -> dict[str, Any]:
    ours = error if isinstance(error, TeleportError) else _in_words(error)
    return {"status": "failed", **ours.as_record()}


def _in_words(error: Exception) -> TeleportError:
    return ErrandFailed(reason=f"{type(error).__name__}: {error}")


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    _ignore_interrupts()
    try:
        yield
    finally:
        _interrupts_go_to(before)


def _ignore_interrupts() -> None:
    _interrupts_go_to(signal.SIG_IGN)


def _interrupts_go_to(handler: Any) -> None:
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)
