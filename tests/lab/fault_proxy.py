"""A TCP proxy that delays, throttles, stalls, cuts and resets: link faults in every mode, without root.

It runs in a thread of its own. Each direction of a connection is a reader that stamps what it reads with the
time at which it is due, a bounded queue (the bytes "in flight"), and a writer that waits for that time, for
its turn under the rate, and for the line to be whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

PIECE = 64 * 1024
"""Bytes read at a time."""
PIECES_IN_FLIGHT = 1024
"""At most 64 MiB wait in each direction of a connection."""
START_SECONDS = 10.0

T = TypeVar("T")


class Direction(Enum):
    """Seen from the client."""

    TO_SERVER = "to server"
    TO_CLIENT = "to client"


@dataclass
class Budget:
    """How many bytes may still pass in a direction before the connection is reset; None: any number."""

    left: dict[Direction, int | None] = field(default_factory=lambda: dict.fromkeys(Direction))

    def take(self, direction: Direction, wanted: int) -> int:
        """How many of ``wanted`` bytes may pass; they are deducted."""
        left = self.left[direction]
        if left is None:
            return wanted
        granted = min(left, wanted)
        self.left[direction] = left - granted
        return granted

    def spent(self, direction: Direction) -> bool:
        """Whether the line breaks here."""
        return self.left[direction] == 0


class FaultProxy:
    """Forwards connections to ``target``; listens while it is open. Use as a context manager.

    ``delay`` (seconds, one way) and ``rate`` (bytes per second and direction, None: unlimited) may be set at
    any time.
    """

    def __init__(self, target: tuple[str, int], listen: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        """Bind and listen. Raises OSError."""
        self.delay = 0.0
        self.rate: float | None = None
        self.carried = dict.fromkeys(Direction, 0)
        """Bytes passed so far, all connections together."""
        self._target = target
        self._budget = Budget()
        self._transports: set[asyncio.BaseTransport] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener = socket.create_server(listen)
        self.address: tuple[str, int] = self._listener.getsockname()
        self._loop = asyncio.new_event_loop()
        self._whole = asyncio.Event()
        self._whole.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault proxy", daemon=True)
        self._thread.start()
        self._server = self._ask(asyncio.start_server(self._serve, sock=self._listener, limit=PIECE))

    def __enter__(self) -> FaultProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def cut(self) -> None:
        """Stall: nothing passes in either direction, nothing is closed, new connections get no answer."""
        self._call(self._whole.clear)

    def heal(self) -> None:
        """End the stall; what was on its way arrives."""
        self._call(self._whole.set)

    def reset(self) -> None:
        """Reset (RST) every connection, on both sides."""
        self._call(self._reset_all)

    def reset_after(self, direction: Direction, count: int | None) -> None:
        """Reset once exactly ``count`` more bytes have passed in ``direction`` (None: never)."""
        self._call(lambda: self._budget.left.__setitem__(direction, count))

    def close(self) -> None:
        """Reset what is open, stop listening, end the thread."""
        if self._loop.is_closed():
            return
        self._ask(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _ask(self, question: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(question, self._loop).result(START_SECONDS)

    def _call(self, action: Callable[[], object]) -> None:
        async def act() -> None:
            action()

        self._ask(act())

    async def _shut(self) -> None:
        self._server.close()
        self._reset_all()
        for task in set(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._tasks.add(task)
        self._transports.add(writer.transport)
        try:
            await self._whole.wait()
            await self._forward(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            reset(writer.transport)
            self._transports.discard(writer.transport)
            self._tasks.discard(task)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target, limit=PIECE)
        self._transports.add(far_writer.transport)
        try:
            for one in (writer, far_writer):
                one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(reader, far_writer, Direction.TO_SERVER))
                group.create_task(self._carry(far_reader, writer, Direction.TO_CLIENT))
            await close_gently(writer)
            await close_gently(far_writer)
        except ExceptionGroup:
            pass
        finally:
            reset(far_writer.transport)
            self._transports.discard(far_writer.transport)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction
    ) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(PIECES_IN_FLIGHT)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(reader, queue))
            group.create_task(self._write(writer, queue, direction))

    async def _read(self, reader: asyncio.StreamReader, queue: asyncio.Queue[tuple[float, bytes]]) -> None:
        piece = b"?"
        while piece:
            piece = await reader.read(PIECE)
            await queue.put((self._loop.time() + self.delay, piece))

    async def _write(
        self, writer: asyncio.StreamWriter, queue: asyncio.Queue[tuple[float, bytes]], direction: Direction
    ) -> None:
        free = self._loop.time()
        while True:
            due, piece = await queue.get()
            if self.rate is not None:
                due = free = max(free, due) + len(piece) / self.rate
            if due > self._loop.time():
                await asyncio.sleep(due - self._loop.time())
            await self._whole.wait()
            if not piece:
                with contextlib.suppress(OSError):
                    writer.write_eof()
                return
            await self._pass(writer, piece, direction)

    async def _pass(self, writer: asyncio.StreamWriter, piece: bytes, direction: Direction) -> None:
        granted = self._budget.take(direction, len(piece))
        # Before they go: whoever has received them must find them counted.
        self.carried[direction] += granted
        writer.write(piece[:granted])
        await writer.drain()
        if self._budget.spent(direction):
            await self._empty(writer)
            self._budget.left[direction] = None
            self._reset_all()

    async def _empty(self, writer: asyncio.StreamWriter) -> None:
        """Wait until the kernel has taken all: what was granted shall arrive before the reset does."""
        while writer.transport.get_write_buffer_size():
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)

    def _reset_all(self) -> None:
        for transport in set(self._transports):
            reset(transport)


def reset(transport: asyncio.BaseTransport) -> None:
    """Close with RST: no lingering, what was not sent is dropped."""
    peer = transport.get_extra_info("socket")
    if peer is not None and not transport.is_closing():
        with contextlib.suppress(OSError):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


async def close_gently(writer: asyncio.StreamWriter) -> None:
    """Close after both directions have ended by themselves."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
