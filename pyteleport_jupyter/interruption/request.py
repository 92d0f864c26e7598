"""One move that somebody asked for: tried at one instruction after the other, until done or given up."""

from __future__ import annotations

import threading
import time
from types import FrameType
from typing import Any, Final

from pyteleport_jupyter.errors import (
    FrameRefused,
    NotInCell,
    NotInProgram,
    ObjectsRefused,
    RequestGivenUp,
    RequestRefused,
    TeleportError,
    ThreadsRunning,
)
from pyteleport_jupyter.interruption.lines import LineStarts
from pyteleport_jupyter.interruption.road import Road, road_here
from pyteleport_jupyter.interruption.watch import new_watch
from pyteleport_jupyter.remote.errand_host import check_session_is_here
from pyteleport_jupyter.session.place import HOME
from pyteleport_jupyter.settings import options_for
from pyteleport_jupyter.targets import parse_target

LINES_ONLY: Final = 0.05
"""Seconds for which only starts of lines will do: nicer to read in what goes on, but some loops have none."""
PATIENCE: Final = 30.0
"""Seconds after the first refusal for which later instructions are tried."""
MOST_TRIES: Final = 200
SHORTEST_PAUSE, LONGEST_PAUSE, PAUSE_GROWTH = 0.001, 0.25, 1.5
"""Seconds between tries: a refused try costs a walk along the stack, maybe a pickle."""
SHARE: Final = 9.0
"""A try that took long is followed by a pause so many times longer, so that the program is not held up."""
LOOK_SECONDS: Final = 0.05
"""Between two looks whether a kernel has become idle."""

NOT_HERE: Final = (FrameRefused, ObjectsRefused, NotInCell, NotInProgram, ThreadsRunning)
"""Refusals that another instruction may not meet."""

_one_at_a_time = threading.Lock()
"""Held by the request that is under way. Only ever tried, never waited for: a signal handler may ask."""


class Request:
    """A move that was asked for. ``error`` says why it did not come about, once it is over."""

    def __init__(self, road: Road, target: str, options: dict[str, Any], patience: float) -> None:
        self.target = target
        self.error: TeleportError | None = None
        self.pending = True
        self._road, self._options, self._patience = road, options, patience
        self._watch, self._starts = new_watch(), LineStarts()
        self._tries = 0
        self._first_event = self._first_refusal = self._next_try = 0.0
        self._over = False
        self._reports = False

    def __reduce__(self) -> tuple[Any, ...]:
        """One that the user keeps in a variable arrives as one that is over."""
        return _moved, (self.target,)

    def begin(self) -> None:
        """Arm. From any thread, or a signal handler. Raises RequestRefused while another one is under way."""
        if not _one_at_a_time.acquire(blocking=False):
            raise RequestRefused(reason="another one is under way")
        self._road.when_running(self._arm)
        if self.error is not None:
            raise self.error
        self._reports = True
        self._road.when_idle(self._look, 0.0)

    def _arm(self) -> None:
        self._watch.arm(self._visit, self._end)

    def cancel(self) -> None:
        """Nothing moves any more on account of this request, unless it is on its way already."""
        self.pending = False
        self._road.when_idle(self._look, 0.0)

    def _visit(self, frame: FrameType) -> None:
        """Before an instruction of the main thread."""
        now = time.monotonic()
        self._first_event = self._first_event or now
        if not self.pending:
            self._end(None)
        elif now >= self._next_try and (now > self._first_event + LINES_ONLY or frame in self._starts):
            try:
                if self._road.may_leave(frame):
                    self._try(frame)
            except Exception as error:
                self._end(TeleportError(reason=f"{type(error).__name__}: {error}"))

    def _look(self) -> None:
        """Between the user's code, in the main thread: where nothing runs there is no instruction to wait
        for."""
        if not self.pending:
            self._end(None)
            return
        if self._road.is_idle() and time.monotonic() >= self._next_try:
            # Nothing of the user's runs; called at each instruction the move would take four times as long.
            self._watch.disarm()
            self._try(None)
            if self.pending:
                self._watch.arm(self._visit, self._end)
        if self.pending:
            self._road.when_idle(self._look, LOOK_SECONDS)

    def _try(self, frame: FrameType | None) -> None:
        started = time.monotonic()
        self._tries += 1
        try:
            self._road.leave(frame, self.target, self._options)
        except NOT_HERE as error:
            refusal: TeleportError = error
        except TeleportError as error:
            self._end(error.with_traceback(None))
            return
        else:
            self._end(None)  # it is there already
            return
        self._back_off(started, refusal.with_traceback(None))

    def _back_off(self, started: float, refusal: TeleportError) -> None:
        now = time.monotonic()
        self._first_refusal = self._first_refusal or started
        seconds = now - self._first_refusal
        if seconds > self._patience or self._tries >= MOST_TRIES:
            reason = refusal.sentence()
            self._end(
                RequestGivenUp(host=self.target, tries=self._tries, seconds=f"{seconds:.0f}", reason=reason)
            )
            return
        grown = SHORTEST_PAUSE * PAUSE_GROWTH ** min(self._tries, 20)
        self._next_try = now + max(min(grown, LONGEST_PAUSE), SHARE * (now - started))

    def _end(self, error: TeleportError | None) -> None:
        """It is over; in the main thread. Idempotent."""
        self._watch.disarm()
        if self._over:
            return
        self._over, self.pending, self.error = True, False, error
        _one_at_a_time.release()
        if error is not None and self._reports:
            self._road.report(error)


def _moved(target: str) -> Request:
    request = Request.__new__(Request)
    request.target, request.pending, request.error = target, False, None
    return request


def is_under_way() -> bool:
    """Whether a request is pending in this process."""
    return _one_at_a_time.locked()


def check_request(target: str, options: dict[str, Any]) -> None:
    """Raise TargetUnknown or OptionWrong for what makes no sense, SessionElsewhere where only a cell runs."""
    check_session_is_here()
    chosen = options_for(target, **options)
    if target != HOME:
        parse_target(target, chosen)


def request_teleport(target: str, *, patience: float = PATIENCE, **options: Any) -> Request:
    """Move what the main thread runs now to ``target``, at its next safe instruction, without its help.

    May be called from a signal handler and from any thread, and returns at once. Where an instruction is not
    safe (C code that calls back is on the stack, or something that cannot be pickled) the next ones are
    tried, for ``patience`` seconds. If the move does not come about, the program is told and goes on. In a
    kernel in which no cell runs the session moves at once. ``target`` may be ``"home"``. Options are those
    of ``%teleport``.

    Raises:
        RequestRefused: there is nothing here that can be moved, or another request is under way.
        SessionElsewhere: this is a cell under ``%%teleport``.
        OptionWrong, TargetUnknown: the request makes no sense.
    """
    check_request(target, options)
    request = Request(road_here(), target, options, patience)
    request.begin()
    return request
