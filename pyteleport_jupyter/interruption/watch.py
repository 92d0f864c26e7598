"""Being called before each instruction of the main thread, for as long as a move is wanted and no longer.

Instructions, not lines: a loop on one line starts no line, so its line events never come. Two ways, one per
row of :data:`WATCHES`. Both leave a debugger, profiler or coverage tool alone, and cost nothing while
disarmed.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, Final, Protocol

from pyteleport_jupyter.errors import RequestRefused

Visit = Callable[[FrameType], None]
"""Called with a frame that is about to run an instruction. While it runs, nothing is watched."""
Refused = Callable[[RequestRefused], None]


class Watch(Protocol):
    """Calls a :data:`Visit` before every instruction of the main thread."""

    def arm(self, visit: Visit, refused: Refused) -> None:
        """Begin, from any thread. Where somebody else's tool is in the way nothing is ever visited:
        ``refused`` is called with the reason, in the main thread, maybe before this returns."""

    def disarm(self) -> None:
        """End, in the main thread. Idempotent."""


class MonitoringWatch:
    """3.12 and later: ``sys.monitoring`` with INSTRUCTION events, under a tool id of our own.

    Setting events instruments running frames too, and works from every thread; events come from all
    threads, so those of others are passed over.
    """

    def __init__(self) -> None:
        self.tool: int | None = None

    def arm(self, visit: Visit, refused: Refused) -> None:
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        try:
            self.tool = _take_tool_id(monitoring)
        except RequestRefused as error:
            refused(error)
            return
        main = threading.main_thread().ident

        def on_instruction(code: CodeType, offset: int) -> None:
            if threading.get_ident() == main:
                visit(sys._getframe(1))

        event = monitoring.events.INSTRUCTION
        monitoring.register_callback(self.tool, event, on_instruction)
        monitoring.set_events(self.tool, event)

    def disarm(self) -> None:
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        tool, self.tool = self.tool, None
        if tool is not None:
            monitoring.set_events(tool, monitoring.events.NO_EVENTS)
            monitoring.register_callback(tool, monitoring.events.INSTRUCTION, None)
            monitoring.free_tool_id(tool)


TOOL_IDS: Final = (4, 3)
"""Those that nobody has a claim on (sys.monitoring: 0 debugger, 1 coverage, 2 profiler, 5 optimiser)."""


def _take_tool_id(monitoring: Any) -> int:
    for tool in TOOL_IDS:
        try:
            monitoring.use_tool_id(tool, "pyteleport_jupyter")
        except ValueError:
            continue
        return tool
    names = " and ".join(str(monitoring.get_tool(tool)) for tool in reversed(TOOL_IDS))
    raise RequestRefused(reason=f"{names} use what sys.monitoring has for further tools")


class TracingWatch:
    """3.11: ``sys.settrace`` with opcode events.

    A trace function belongs to one thread and has to be set there, and on each frame that is already
    running. Another thread gets there by a pending call (Python/ceval_gil.c: carried out in the main
    thread, between two instructions), which needs no signal.
    """

    def __init__(self) -> None:
        self._visit: Visit | None = None

    def arm(self, visit: Visit, refused: Refused) -> None:
        self._visit = visit
        if threading.current_thread() is threading.main_thread():
            self._set(refused)
        else:
            _run_soon_in_main_thread(lambda: self._set(refused))

    def _set(self, refused: Refused) -> None:
        if self._visit is None:
            return
        frame: FrameType | None = sys._getframe(1)
        if sys.gettrace() is not None:
            self._visit = None
            owner = getattr(sys.gettrace(), "__module__", None) or type(sys.gettrace()).__module__
            refused(RequestRefused(reason=f"{owner} has set a trace function (sys.settrace)"))
            return
        while frame is not None:
            frame.f_trace, frame.f_trace_opcodes = self._on_event, True
            frame = frame.f_back
        sys.settrace(self._on_call)

    def _on_call(self, frame: FrameType, event: str, argument: object) -> Any:
        frame.f_trace_opcodes = True
        return self._on_event

    def _on_event(self, frame: FrameType, event: str, argument: object) -> Any:
        visit = self._visit
        if visit is None:
            return None
        if event == "opcode":
            visit(frame)
        return self._on_event if self._visit is not None else None

    def disarm(self) -> None:
        if self._visit is None:
            return
        self._visit = None
        if getattr(sys.gettrace(), "__self__", None) is self:
            sys.settrace(None)
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if getattr(frame.f_trace, "__self__", None) is self:
                frame.f_trace, frame.f_trace_opcodes = None, False
            frame = frame.f_back


_PENDING_CALL: Final = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
_waiting: list[Any] = []
"""Keeps the C side of calls that were not made yet."""


def _run_soon_in_main_thread(call: Callable[[], None]) -> None:
    def run(argument: int | None) -> int:
        _waiting.remove(pending)
        call()
        return 0

    pending = _PENDING_CALL(run)
    _waiting.append(pending)
    if ctypes.pythonapi.Py_AddPendingCall(pending, None):
        _waiting.remove(pending)
        raise RequestRefused(reason="too many calls wait for the main thread")


WATCHES: Final[dict[tuple[int, int], type[Watch]]] = {(3, 11): TracingWatch}


def new_watch() -> Watch:
    """The watch of this interpreter."""
    return WATCHES.get(sys.version_info[:2], MonitoringWatch)()
