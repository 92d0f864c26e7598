"""The landing on the target while the session is still being packed: login, first stage and the start of an
interpreter take a second or two in which this process has little to do.

A thread lands. What it wants to ask the user has to wait until the main thread has time for it: a kernel asks
there only. Whatever goes wrong there counts only if the session could be packed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread

from pyteleport_jupyter.relay.interrupts import interrupts_postponed
from pyteleport_jupyter.transports import Ask, Landed, Question

Land = Callable[[Ask, int], Landed]
"""Lands, asking by the first argument; raises a TeleportError, also as soon as the second, a descriptor, can
be read.
"""


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
