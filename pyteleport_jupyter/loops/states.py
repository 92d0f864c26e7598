"""What asyncio keeps in C or in private attributes, as data: what flows from :mod:`.reading` through the
pickle to :mod:`.arrival`."""

from __future__ import annotations

import asyncio
from contextvars import Context
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What has become of a future."""

    PENDING = "pending"
    RESULT = "result"
    EXCEPTION = "exception"
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """Where a task that is not done stands."""

    RUNNING = "running"
    """Its coroutine is on the stack that moves."""
    READY = "ready"
    """Its next step is in the queue of the loop: it is new, or has let others go first (``sleep(0)``)."""
    WAITING = "waiting"
    """It is called when the future is done that it waits for."""


@dataclass(frozen=True, eq=False)
class Callback:
    """What a future or a handle calls: a function, or (``task``) the next step of a task."""

    function: Any
    task: asyncio.Task[Any] | None
    context: Context | None


@dataclass(frozen=True, eq=False)
class FutureState:
    """A future. ``value``: result, exception or message of the cancellation; ``unseen``: nobody has asked for
    the exception yet; ``attributes``: what its ``__dict__`` holds."""

    outcome: Outcome
    value: Any
    unseen: bool
    callbacks: tuple[Callback, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True, eq=False)
class TaskState:
    """A task. ``cancels`` is what ``cancelling()`` tells; ``must_cancel``: the next step will cancel it.
    With an ``opening`` its coroutine has been told of cancellations before, and yields that first."""

    future: FutureState
    coroutine: Any
    name: str
    context: Context | None
    phase: Phase
    waits_for: Any
    cancels: int
    must_cancel: bool
    message: Any
    logs_destroy: bool
    opening: Opening | None


@dataclass(frozen=True, eq=False)
class HandleState:
    """A callback in the queue of a loop; ``when`` (seconds of the loop's clock) for one of ``call_later``."""

    loop: Any
    callback: Callback
    args: tuple[Any, ...]
    cancelled: bool
    when: float | None


@dataclass(frozen=True, eq=False)
class LoopState:
    """What a loop has to do. ``now``: its clock; ``ready`` and ``timers`` in its order; ``tasks``: those that
    nothing else may refer to; ``task_number``: of the next task without a name of its own."""

    now: float
    ready: tuple[asyncio.Handle, ...]
    timers: tuple[asyncio.TimerHandle, ...]
    tasks: tuple[asyncio.Task[Any], ...]
    generators: tuple[Any, ...]
    settings: dict[str, Any]
    signals: tuple[tuple[int, asyncio.Handle], ...]
    stopping: bool
    task_number: int


class Opening:
    """What the coroutine of a task that was cancelled before yields first, so that the count of cancellations
    can be set again: for the task it is a future whose cancellation does nothing (asyncio asks for these
    names)."""

    def __init__(self, loop: Any) -> None:
        self._asyncio_future_blocking = True
        self.loop = loop
        self.wake_up: Any = None

    def get_loop(self) -> Any:
        """The loop of the task."""
        return self.loop

    def add_done_callback(self, callback: Any, *, context: Any = None) -> None:
        """Keep what resumes the task."""
        self.wake_up = callback

    def cancel(self, msg: Any = None) -> bool:
        """Done with: the task counts, and nothing else happens."""
        return True

    def result(self) -> None:
        """Nothing."""
