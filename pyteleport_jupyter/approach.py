"""The link to a target, and the landing there while the session is still being packed: login, first stage and
the start of an interpreter take a second or two in which this process has little to do.

A thread lands. What it wants to ask the user has to wait until the main thread has time for it: a kernel asks
there only. Whatever goes wrong there counts only if the session could be packed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from threading import Thread

from pyteleport_jupyter.failing import STOP_SECONDS
from pyteleport_jupyter.relay.interrupts import interrupts_postponed, signals_noted
from pyteleport_jupyter.targets import Target
from pyteleport_jupyter.transports import Ask, Landed, Link, Question, close_link
from pyteleport_jupyter.wire import Conversation

CLOSE_SECONDS = 1.0
HOLD_SECONDS = 60.0

Land = Callable[[Ask, int], Landed]
"""Lands, asking by the first argument; raises a TeleportError, also as soon as the second, a descriptor, can
be read.
"""


@dataclass(frozen=True)
class Arrival:
    """The prepared far side: the conversation with it, and the directory and process it lives in."""

    link: Link
    conversation: Conversation
    token: bytes
    landed: Landed
    pid: int
    python: str


class Approach(Thread):
    """Of a class of ours: nobody takes it for a thread of the user."""

    def __init__(self, land: Land, given_up: int) -> None:
        super().__init__(name="approach", daemon=True)
        self._land = land
        self._given_up = given_up
        self._questions: SimpleQueue[Question | None] = SimpleQueue()
        self._answers: SimpleQueue[str | None] = SimpleQueue()
        self._landed: Landed | None = None
        self._failure: BaseException | None = None
        self._over = False

    def run(self) -> None:
        """Called by the thread."""
        try:
            self._landed = self._land(self._ask, self._given_up)
        except BaseException as error:
            self._failure = error
        finally:
            self._questions.put(None)

    def _ask(self, question: Question) -> str | None:
        self._questions.put(question)
        return None if self._over else self._answers.get()

    @property
    def there(self) -> Landed | None:
        """The landing, if that is done already and needed no answer."""
        return self._landed

    def landed(self, ask: Ask) -> Landed:
        """Wait for the landing, answering its questions by ``ask``. Raises what the landing raises."""
        while (question := self._questions.get()) is not None:
            self._answers.put(ask(question))
        self.join()
        if self._landed is None:
            raise self._failure or RuntimeError("neither landed nor failed")
        return self._landed

    def end(self) -> None:
        """Nobody answers any more."""
        self._over = True
        self._answers.put(None)
        self.join()


def start_link(target: Target, command: str, undo: ExitStack) -> Link:
    """A transport child that runs ``command`` on the target; ``undo`` closes and reaps it."""
    # Stopped in the middle of it, we would have a child that we do not know.
    with signals_noted():
        link = target.transport.spawn(command)
        undo.push(partial(_close, link))
    return link


def _close(link: Link, kind: type[BaseException] | None, *_: object) -> None:
    close_link(link, STOP_SECONDS if kind is KeyboardInterrupt else CLOSE_SECONDS)


@contextmanager
def open_link(target: Target, command: str) -> Iterator[Link]:
    """As :func:`start_link`, until the block is left: then the move has failed, since cutting over does not
    return.
    """
    with ExitStack() as undo:
        yield start_link(target, command, undo)


@contextmanager
def approaching(land: Land) -> Iterator[Approach]:
    """Within the block a thread lands; none is left behind it."""
    with interrupts_postponed():
        stop_read, stop_write = os.pipe()
        approach = Approach(land, stop_read)
        approach.start()
    try:
        yield approach
    finally:
        with interrupts_postponed():
            os.close(stop_write)
            approach.end()
            os.close(stop_read)


def hold(arrival: Arrival) -> None:
    """From here on the far side waits as long as the lease says."""
    arrival.conversation.command("hold")
    arrival.conversation.wait_for("held", time.monotonic() + HOLD_SECONDS, "the session to be held")
