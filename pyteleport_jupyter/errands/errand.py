"""An errand: one cell that runs elsewhere while the session stays.

Three steps: *begin* packs and sends, *follow* shows what it says until it is over and fetches what comes
back, *settle* puts that into the session. The first and the last belong to the main thread, where user code
runs; the one between may be any thread's.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyteleport_jupyter.errands import kept as kernels
from pyteleport_jupyter.errands.arrival import Arrived, Before, lacking_packages, unpack
from pyteleport_jupyter.errands.front import front_of
from pyteleport_jupyter.errands.line import LinkChanged
from pyteleport_jupyter.errands.luggage import Luggage, Surroundings, pack
from pyteleport_jupyter.errands.outputs import NoOutputs, Outputs
from pyteleport_jupyter.errands.report import Report
from pyteleport_jupyter.errands.road import Outset, open_line
from pyteleport_jupyter.errands.talk import STOP, Ask, Conversation, Sent, bring_back, send, wait_for_reply
from pyteleport_jupyter.errands.tracebacks import with_remote_traceback
from pyteleport_jupyter.errands.widgets import Widgets
from pyteleport_jupyter.errors import ErrandFailed, TeleportError, from_record
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.quantities import bytes_in_words
from pyteleport_jupyter.relay.interrupts import interrupts_postponed
from pyteleport_jupyter.remote.errand_messages import REPACK
from pyteleport_jupyter.remote.errand_modules import is_of_module
from pyteleport_jupyter.session import modules_in_use, search_path
from pyteleport_jupyter.targets import Target

FIRST_LINE = "# %%teleport\n"
"""Stands for the line of the magic: line 3 of the cell here is line 3 there, and in tracebacks. IPython would
strip an empty one.
"""


@dataclass(frozen=True)
class Wish:
    """What the user wants: the cell, names to send or not to send besides, names to bring back (None: all
    that changed), whether changes come back when the cell fails, whether the kernel is kept."""

    cell: str
    included: Sequence[str] = ()
    excluded: Sequence[str] = ()
    outputs: Sequence[str] | None = None
    keep_on_error: bool = True
    keep_kernel: bool = True
    options: Options = field(default_factory=Options)
    said: Mapping[str, Any] | None = None
    """Options as the user said them; those of each host are made of it (:mod:`..settings`)."""


@dataclass(frozen=True)
class Came:
    """What has come back, not yet unpickled."""

    facts: dict[str, Any]
    parts: list[Any]
    size: int


class Errand:
    """One cell on one host. ``ask`` and ``outputs`` connect it with the cell here that it belongs to."""

    def __init__(self, shell: Any, target: Target, wish: Wish, report: Report, ask: Ask) -> None:
        self.target = target
        self.report = report
        self.failure: BaseException | None = None
        self.arrived: Arrived | None = None
        self.outputs: Outputs = NoOutputs()
        self.over = threading.Event()
        self._shell = shell
        self._wish = wish
        self._ask = ask
        self._key = kernels.key_of(target.text, wish.options)
        self._kept: kernels.Kept | None = None
        self._has_turn = False
        self._luggage: Luggage | None = None
        self._sent: Sent | None = None
        self._came: Came | None = None
        self._before: Before | None = None

    # ------------------------------------------------------------------ begin

    def begin(self, guarded: bool = False) -> None:
        """Pack, reach the host, send. ``guarded``: note how things are here, since they may change before it
        is settled. Raises TeleportError, UsageError, KeyboardInterrupt; then it is over.
        """
        try:
            self._begin(guarded)
        except BaseException as failure:
            self.failure = failure
            if self._sent is not None:
                # Stopped when the cell was on its way: nobody would hear what becomes of it.
                self._give_up(failure)
            self._end_turn()
            self.over.set()
            self.report.failed(self._sent is not None)
            raise

    def _begin(self, guarded: bool) -> None:
        kept = kernels.find(self._key)
        surroundings = kept.surroundings if kept else Surroundings()
        wish = self._wish
        if kept is not None:
            kept.await_turn()
            self._kept, self._has_turn = kept, True
            if not kept.alive:
                kept, surroundings = None, Surroundings()
        told = surroundings.news(self._shell, wish.cell)
        try:
            luggage = pack(
                self._shell, wish.cell, wish.included, wish.excluded, told, surroundings.own_modules
            )
            self._luggage = luggage
            if kept is None:
                kept = self._start(luggage, surroundings)
            self._before = Before.of(self._shell, luggage) if guarded else None
            run = send(kept.line, kept.store, luggage, self._order())
            with interrupts_postponed():
                self._sent = run()
        except BaseException:
            # Perhaps it was not told.
            surroundings.forget()
            raise

    def _start(self, luggage: Luggage, surroundings: Surroundings) -> kernels.Kept:
        """A kernel that is ours for now."""
        modules = modules_in_use(self._shell, luggage.pickled)
        outset = Outset(self.target, self._wish.options, modules, search_path(self._shell))
        widgets = Widgets(front_of(self._shell).beside(""))
        line = open_line(self._shell, outset, self.report, widgets.hear)
        widgets.line = line
        kept = kernels.Kept(line, widgets, surroundings=surroundings)
        self._end_turn()
        kept.turn.acquire()
        self._kept, self._has_turn = kept, True
        kernels.keep(self._key, kept)
        return kept

    def _order(self) -> dict[str, Any]:
        wish = self._wish
        return {
            "code": wish.cell if wish.cell.lstrip().startswith("%%") else FIRST_LINE + wish.cell,
            "count": self._shell.execution_count,
            "cell_id": None,
            "outputs": None if wish.outputs is None else list(wish.outputs),
            "keep": wish.keep_on_error,
            "allow_stdin": True,
            "host": self.target.host,
        }

    # ----------------------------------------------------------------- follow

    def follow(self, outputs: Outputs) -> None:
        """Until the cell is over and what comes back is here, or it has failed (``failure``). Never
        raises."""
        try:
            self._came = self._follow(outputs)
        except BaseException as failure:
            self.failure = failure
            self._give_up(failure)
        finally:
            self._end_turn()
            self.over.set()

    def _follow(self, outputs: Outputs) -> Came:
        if self._kept is None or self._sent is None:
            raise ErrandFailed(host=self.target.host, reason="it was not sent")
        kept, sent = self._kept, self._sent
        talk = Conversation(kept.line, outputs, self._ask, self._notice, kept.widgets.note)
        reply = talk.listen(sent.request)
        content = reply["content"]
        if content.get("status") == "stopped":
            raise KeyboardInterrupt
        if content.get("status") == "ok" and (lacking := lacking_packages(content)):
            reply = wait_for_reply(kept.line, kept.line.request(REPACK, {"without": lacking}))
            content = reply["content"]
        if content.get("status") != "ok":
            raise from_record(content, host=self.target.host)
        parts, size = bring_back(kept.line, kept.store, reply)
        return Came(content, parts, size)

    def _give_up(self, failure: BaseException) -> None:
        """A kernel that did not listen to Stop, or that could not take the cell, is of no use any more. One
        whose turn is over may be another cell's by now."""
        if self._kept is not None and self._has_turn:
            kernels.let_go(self._key, self._kept)

    def _end_turn(self) -> None:
        if self._kept is not None and self._has_turn:
            self._has_turn = False
            self._kept.turn.release()

    def _notice(self, change: LinkChanged) -> None:
        host = self.target.host
        if change.up:
            self.report.say(f"running on {host}: the link is back")
        else:
            self.report.say(f"running on {host}: the link was lost ({change.reason}), it is made again …")

    def abandon(self, failure: BaseException) -> None:
        """Give it up, wherever it is; its kernel ends."""
        self.failure = failure
        self._give_up(failure)
        self._end_turn()
        self.over.set()

    def stop(self) -> None:
        """As the Stop button: the cell there is interrupted; asked twice, it is given up."""
        if self._sent is not None and not self.over.is_set():
            self._sent.request.events.put(STOP)

    @property
    def request(self) -> Any:
        """The request that carries the cell."""
        if self._sent is None:
            raise ErrandFailed(host=self.target.host, reason="it was not sent")
        return self._sent.request

    # ----------------------------------------------------------------- settle

    def unpack(self) -> Arrived | None:
        """What came back as objects; None where nothing did (``failure`` says why)."""
        if self._came is not None and self._luggage is not None and self.arrived is None:
            came = self._came
            self._size = came.size
            try:
                self.arrived = unpack(self._shell, self._luggage, came.parts, came.facts, self.target.host)
            except TeleportError as failure:
                self.failure = failure
            except Exception as failure:
                self.failure = ErrandFailed(
                    host=self.target.host, reason=f"{type(failure).__name__}: {failure}"
                )
            # Not if it was stopped: it can be unpacked once more.
            self._came = None
        return self.arrived

    def conflicts(self) -> list[str]:
        """Variables that came back changed and were changed here meanwhile."""
        if self.arrived is None or self._before is None:
            return []
        return sorted(set(self._before.changed_meanwhile(self._shell, self.arrived)))

    def settle(self, left_alone: Collection[str] = ()) -> None:
        """Put what came back into the session, but for variables that are to be ``left_alone``; report."""
        self.unpack()
        with interrupts_postponed():
            # Stop would leave some objects as they were, and others not.
            try:
                self._settle(left_alone)
            finally:
                kept = self._kept
                if not self._wish.keep_kernel and kept is not None and not kept.turn.locked():
                    kernels.let_go(self._key, kept)

    def _settle(self, left_alone: Collection[str]) -> None:
        arrived = self.arrived
        if arrived is None:
            self.report.failed(self._sent is not None)
            return
        fault("errand.apply")
        failed = arrived.apply(self._shell, left_alone)
        self._report(arrived, failed, left_alone)
        for payload in arrived.facts.get("payload") or ():
            self._shell.payload_manager.write_payload(payload)
        self._before = None
        if arrived.error is not None:
            self.failure = arrived.error
            with_remote_traceback(self._shell, arrived.error, arrived.facts.get("traceback") or [])

    def _report(self, arrived: Arrived, failed: list[str], left_alone: Collection[str]) -> None:
        luggage, sent, facts = self._luggage, self._sent, arrived.facts
        if luggage is None or sent is None:
            return
        held = f" ({bytes_in_words(sent.held)} were there already)" if sent.held else ""
        names = [name for name in arrived.names if name not in left_alone]
        words = [
            f"sent {_count(luggage.variables)}, {bytes_in_words(sent.size)}{held}",
            f"ran {float(facts.get('seconds', 0.0)):.1f} s on {self.target.host}",
            f"came back: {_count(names)}, {bytes_in_words(self._size)}",
        ]
        text = ", ".join(words)
        for name, reason in luggage.kept.items():
            text += f"\neach side has its own: {name} ({reason})" if reason else ""
        for name, reason in (facts.get("stayed") or {}).items():
            text += f"\nstayed on {self.target.host}: {name} ({reason})"
        text += _conflict(left_alone, self._shell.user_ns)
        if failed:
            text += f"\ncould not be changed here: {', '.join(failed)}"
        self.report.say(
            text,
            {
                "sent": sorted(luggage.variables),
                "sent_bytes": sent.size,
                "held_bytes": sent.held,
                "seconds": facts.get("seconds"),
                "returned": names,
                "returned_bytes": self._size,
                "conflicts": sorted(left_alone),
            },
        )


def _conflict(names: Collection[str], here: Collection[str]) -> str:
    """What becomes of those ``names``, in words."""
    unbound = sorted(name for name in names if name not in here and not is_of_module(name))
    text = ""
    if bound := sorted(set(names) - set(unbound)):
        text += f"\nconflict: {', '.join(bound)} changed elsewhere too; what is here stays"
    if unbound:
        text += f"\nconflict: {', '.join(unbound)} changed elsewhere too; "
        text += "not bound here, .variables of the result has the values"
    return text


def _count(names: Collection[str]) -> str:
    return f"{len(names)} name" if len(names) == 1 else f"{len(names)} names"
