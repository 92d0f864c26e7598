"""A running session on the target: one thread, one poller over the link, the kernel and the door."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Container
from functools import partial
from select import POLLIN, POLLOUT
from typing import Any

from pyteleport_jupyter import made_files
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.remote.deposits import end_deposits
from pyteleport_jupyter.remote.kernel_end import KERNEL_GRACE, KernelEnd
from pyteleport_jupyter.remote.kernel_lines import KernelLines, is_shutdown_reply, own_reply
from pyteleport_jupyter.remote.kernel_process import KernelProcess
from pyteleport_jupyter.remote.linked import Linked
from pyteleport_jupyter.remote.orders import StartOrder
from pyteleport_jupyter.remote.phases import OPERATIONS, REVOCABLE, Phase
from pyteleport_jupyter.remote.runtime_directory import remove
from pyteleport_jupyter.remote.session_desk import TO_BE_TAKEN_UP, SessionDesk
from pyteleport_jupyter.remote.shipment import Shipment
from pyteleport_jupyter.remote.spoken import read_command
from pyteleport_jupyter.remote.spool import Spool
from pyteleport_jupyter.remote.supervisor_signals import wake_on_signals
from pyteleport_jupyter.remote.tether import Tether
from pyteleport_jupyter.remote.watch import Watch
from pyteleport_jupyter.remote.way_up import WayUp
from pyteleport_jupyter.wire.channel import Message
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane

FAILED_SECONDS = 10.0
"""So long the other side has to hang up after a failure."""

FORWARDED = frozenset((Lane.STDIN, Lane.CONTROL, Lane.SHELL))
"""Lanes in which front ends and the kernel speak to each other."""


class SessionService:
    """The session on this side.

    What must hold: until ``hold`` the session dies with its link; from ``hold`` on it dies of its lease, of
    its kernel, or when it is told to. However it dies, the kernel dies first and the directory is removed
    before the link closes.
    """

    def __init__(self, directory: str, link: Tether, order: StartOrder, kernel: KernelProcess) -> None:
        self._directory = directory
        self._order = order
        self._kernel = kernel
        self._phase = Phase.STARTING
        self._kernel_end = KernelEnd(kernel)
        self._was_session = False
        self._complains = True
        self._answered = self._expecting = False
        self._outputs_seen = False
        self._restored: dict[str, Any] | None = None
        self._lines = KernelLines(directory, order.key)
        self._spool = Spool(self._tell_what_is_missing)
        self._watch = Watch()
        self._shipment = Shipment(kernel.ship_fd)
        self._linked = Linked(directory, link, order.token, self)
        link.pipe.sink = self._shipment
        self._desk = SessionDesk(directory, order, self._linked, kernel.pid, self._abort, order.key)
        self._adopting = self._catching_up = False
        self._way_up = WayUp(directory, link.pipe.channel)
        self._leaves_home = False
        self._wakeup = wake_on_signals(self._abort)

    def run(self) -> None:
        """Serve until the end, then leave nothing behind."""
        try:
            self._lines.request("kernel_info_request", {})
            self._check_kernel()
            while self._phase is not Phase.ENDED:
                self._step()
        finally:
            self._kernel.end(KERNEL_GRACE if self._was_session else 0.0)
            self._linked.close()
            self._desk.close()
            self._way_up.close()
            self._lines.close()
            if not self._was_session:
                made_files.undo(self._directory)
            remove(self._directory)
            self._linked.farewell()

    # ------------------------------------------------------------- the one loop

    def _step(self) -> None:
        watched = self._watched()
        wanted = {fd: flags for fd, (flags, _) in watched.items()}
        if self._may_read:
            wanted |= self._lines.watched()
        ready = self._watch.wait(wanted, self._milliseconds())
        for fd, (_, handle) in watched.items():
            if fd in ready:
                handle()
        self._hear_kernel(ready)
        self._lines.look()
        self._say_when_quiet()
        self._forward()
        self._linked.channel.hold_acks = self._shipment.congested or self._lines.congested
        self._linked.flush()
        self._look_at_clock()

    @property
    def _may_read(self) -> bool:
        """Whether to read what the kernel says. Over a slow link it has to wait, as with any slow client;
        without one it shall go on computing.
        """
        return not (self._linked.link and self._spool.full)

    def _watched(self) -> dict[Any, tuple[int, Callable[[], None]]]:
        """What may happen now, and who sees to it, in this order."""
        watched: dict[Any, tuple[int, Callable[[], None]]] = {
            self._wakeup.fileno(): (POLLIN, self._see_to_kernel)
        }
        watched |= {fd: (POLLIN, handle) for fd, handle in self._linked.readers().items()}
        watched |= dict.fromkeys(self._linked.writers(), (POLLOUT, _nothing))
        watched |= {fd: (POLLIN, handle) for fd, handle in self._desk.readers().items()}
        if self._phase is Phase.LIVE:
            watched |= self._way_up.watched()
        if self._complains:
            watched[self._kernel.complaints_fd] = (POLLIN, self._hear_complaints)
        if self._shipment.wants_write:
            watched[self._shipment.fd] = (POLLOUT, self._shipment.write)
        return watched

    def _milliseconds(self) -> int:
        """How long nothing has to be done by the clock."""
        now = time.monotonic()
        times = [now + 3600.0, *self._linked.deadlines(), *self._desk.deadlines()]
        times += [self._lines.retry_at(), *self._kernel_end.deadlines(silent=not self._spool)]
        return max(0, int(1000 * (min(times) - now)) + 1)

    def _look_at_clock(self) -> None:
        self._linked.look()
        self._desk.look()
        if self._kernel_end.look():
            self._check_kernel()
        if self._kernel_end.told(silent=not self._spool):
            self._report_exit()
        closed = self._phase is Phase.CLOSING and self._linked.channel.idle
        if closed or self._linked.over:
            self._phase = Phase.ENDED

    # ------------------------------------------------------------------ the link

    def patience(self) -> float:
        """A move that was not held is off; a session that was waits for as long as its lease, what only
        serves another session not so long while nothing runs here.

        Also when the kernel has ended: what it said last is still to be heard.
        """
        if self._phase in REVOCABLE:
            return 0.0
        return self._order.lease if self._desk.activity.request else self._order.idle_lease

    def stays_with_owner(self) -> str:
        """While it is about to live elsewhere: its home may have it by now, and there would be two."""
        if self._order.kind not in TO_BE_TAKEN_UP:
            return "it runs single cells for another session"
        return "the session is on its way to another host" if self._way_up.decided else ""

    def taken_over(self, undelivered: list[Message]) -> None:
        """What the kernel has said waits until the new relay says that it is there."""
        self._adopting = True
        self._way_up.dismiss()
        lanes = (*FORWARDED, Lane.IOPUB)
        self._spool.put_back([(said.lane, list(said.parts)) for said in undelivered if said.lane in lanes])

    def take(self, message: Message) -> None:
        """Do what the other side says. Raises WireError for what does not fit."""
        if message.lane is Lane.COMMAND:
            self._obey(message)
        elif message.lane is Lane.SHIP and self._phase is Phase.STARTING:
            self._shipment.add(b"".join(message.parts))
        elif message.lane is Lane.TALK and self._phase is Phase.LIVE:
            self._way_up.talk(b"".join(message.parts))
        elif message.lane in FORWARDED and self._phase is Phase.LIVE:
            self._lines.send(message.lane, message.parts)
        elif self._phase not in (Phase.FAILED, Phase.CLOSING, Phase.ENDED):
            raise WireError(f"{message.lane.name} while {self._phase.name}")

    # ------------------------------------------------------------------ commands

    def _obey(self, message: Message) -> None:
        command = read_command(message, OPERATIONS)
        operations: dict[str, Callable[[], None]] = {
            "expect": self._expect,
            "prepare": self._prepare,
            "begin": self._begin,
            "hold": self._hold,
            "commit": partial(self._commit, command),
            "abort": self._abort,
            "end": self._abort,
            "tell": partial(self._tell, command),
            "adopt": partial(self._adopted, command),
        }
        op = command["op"]
        if self._phase in OPERATIONS[op]:
            operations[op]()
        elif self._phase not in (Phase.FAILED, Phase.CLOSING, Phase.ENDED):
            raise WireError(f"{op} while {self._phase.name}")

    def _expect(self) -> None:
        """The snapshot is coming: the kernel may restore what has come while the rest is on its way."""
        if not self._expecting:
            self._expecting = True
            names = ("host", "target", "lease")
            self._lines.request("teleport_prepare", {name: getattr(self._order, name) for name in names})

    def _prepare(self) -> None:
        self._phase = Phase.RESTORING
        self._shipment.finish()
        self._expect()
        self._report_prepared()

    def _begin(self) -> None:
        """Nothing comes: the session begins here."""
        self._phase = Phase.RESTORING
        self._restored = {"pid": self._kernel.pid, "python": sys.version.split()[0]}
        self._report_prepared()

    def _hold(self) -> None:
        self._phase = Phase.HELD
        # Until now our stderr was the user's source of reasons; from now on we must outlive the login it
        # belongs to.
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        if self._linked.link:
            self._linked.link.pipe.sink = None
        fault("commit.before")
        self._linked.say("held")

    def _commit(self, command: dict[str, Any]) -> None:
        self._desk.linked_to(command.get("origin"))
        self._lines.forget_outputs()
        self._phase = Phase.LIVE
        self._was_session = True
        self._desk.opens()
        fault("commit.sent_not_acked")
        self._linked.say("committed")
        end_deposits(self._directory, self._order.deposit)

    def _adopted(self, command: dict[str, Any]) -> None:
        """The new relay is there, and gets what the kernel says from now on, and has said since the last."""
        self._desk.linked_to(command.get("origin"))
        self._adopting, self._catching_up = False, True
        self._linked.say("adopted")

    def _tell(self, command: dict[str, Any]) -> None:
        """The relay answers the session. From ``arrived`` on no request comes any more."""
        self._way_up.tell(command)
        self._leaves_home = command.get("what") == "arrived"

    def _say_when_quiet(self) -> None:
        """A kernel that has gone home is told when it has got all that was sent to it."""
        if self._leaves_home and not self._lines.waiting:
            self._leaves_home = False
            self._lines.alone = True
            self._way_up.tell({"what": "quiet"})

    def _fail(self, error: str, **facts: object) -> None:
        """Tell why the move fails; then the other side has a moment to say farewell."""
        self._phase = Phase.FAILED
        self._linked.end_after(FAILED_SECONDS)
        self._linked.say("failed", error=error, facts=facts)
        end_deposits(self._directory, self._order.deposit)  # It may be the cause.

    # ---------------------------------------------------------------- the kernel

    def _hear_kernel(self, ready: Container[int]) -> None:
        for lane, parts in self._lines.receive(ready):
            self._take_from_kernel(lane, parts)

    def _take_from_kernel(self, lane: Lane, parts: list[bytes]) -> None:
        """What the kernel publishes before the commit is nobody's output; replies to us are for us."""
        if lane is Lane.IOPUB:
            self._outputs_seen = True
            self._desk.activity.published(parts)
        elif own := own_reply(parts):
            self._hear(*own)
            return
        if self._phase is Phase.LIVE:
            self._spool.add(lane, parts, linked=self._linked.link is not None)
            if lane is Lane.CONTROL and is_shutdown_reply(parts):
                self._kernel_end.promised()

    def _forward(self) -> None:
        """Pass on what the kernel has said, as far as there is room."""
        while self._spool and self._linked.channel.has_room and not (self._adopting or self._linked.parting):
            lane, parts = self._spool.take()
            try:
                self._linked.channel.send(lane, parts)
            except WireError as error:
                self._linked.say("dropped", lane=lane.name, reason=str(error))
        if self._catching_up and not self._spool:
            self._catching_up = False
            self._linked.say("caught_up", running=self._desk.activity.request)

    def _tell_what_is_missing(self, parent: bytes, size: int) -> list[bytes]:
        """The message that says so in the cell with that parent header."""
        host = self._order.host
        text = f"pyteleport: {size / 1e6:.1f} MB of output were left out while the link to {host} was down\n"
        message = self._lines.message("stream", parent, {"name": "stderr", "text": text})
        return [b"stream.stderr", *message]

    def _hear(self, message_type: str, content: dict[str, Any]) -> None:
        """The kernel answers a request of ours."""
        if message_type == "kernel_info_reply" and not self._answered:
            self._answered = True
            self._linked.say("ready")
        elif message_type == "teleport_prepare_reply" and self._phase in (Phase.STARTING, Phase.RESTORING):
            if content.get("status") == "ok":
                self._restored = content
            else:
                reason = {"reason": content.get("evalue", "no reason was given")}
                self._fail(str(content.get("error", "RestoreFailed")), **(content.get("facts") or reason))
        self._report_prepared()

    def _report_prepared(self) -> None:
        """Say so when the session is restored and its outputs are known to reach us.

        A subscription takes effect some time after its socket was connected, and what is published before
        that is lost. Every request makes the kernel publish its status, so the kernel is asked until one has
        come.
        """
        if self._restored is None or self._phase is not Phase.RESTORING:
            return
        if not self._outputs_seen:
            self._lines.request("kernel_info_request", {})
            return
        self._phase = Phase.PREPARED
        facts = {"pid": self._restored.get("pid"), "python": self._restored.get("python")}
        self._linked.say("prepared", directory=self._directory, **facts)

    def _hear_complaints(self) -> None:
        self._complains = self._kernel.listen()

    def _see_to_kernel(self) -> None:
        """A child has ended, or a signal came."""
        self._wakeup.recv(4096)
        # What it said last says in which state it ended.
        self._hear_kernel(self._lines.watched())
        self._check_kernel()

    def _check_kernel(self) -> None:
        if not self._kernel_end.has_come():
            return
        self._lines.alone = True
        if self._phase in (Phase.STARTING, Phase.RESTORING, Phase.PREPARED):
            kind = "RestoreFailed" if self._answered else "StartFailed"
            self._fail(kind, reason=self._kernel.last_words())

    def _report_exit(self) -> None:
        """What the kernel said last has been passed on; now the other side may know that it has ended."""
        if self._phase in (Phase.HELD, Phase.LIVE):
            self._phase = Phase.CLOSING
            self._linked.say("exited", status=self._kernel_end.status)

    def _abort(self, *_: object) -> None:
        self._phase = Phase.ENDED


def _nothing() -> None:
    """The kernel's sockets are read in every step and the link is written, whichever of them woke us."""
