"""What a process at home does to take a session over: restore it, say so, and go on when it is certain that
there is no other.
"""

from __future__ import annotations

import os
import platform
import socket
import time
from collections.abc import Sequence
from typing import Any

from pyteleport_jupyter import frontends, settings
from pyteleport_jupyter.homecoming import history
from pyteleport_jupyter.homecoming.application import HomeKernelApp
from pyteleport_jupyter.relay.announcement import Announcement
from pyteleport_jupyter.relay.configuration import Settings, Unpacked, open_file, read_messages
from pyteleport_jupyter.relay.far_side import FarSide, carrier_of
from pyteleport_jupyter.relay.notices import Notices
from pyteleport_jupyter.relay.processes import pass_on_captured
from pyteleport_jupyter.relay.reattach import Reattachment
from pyteleport_jupyter.relay.requests import OpenCells, completed
from pyteleport_jupyter.relay.signing import Signer
from pyteleport_jupyter.relay.states import Link
from pyteleport_jupyter.relay.waiting_room import OWN_IDENTITY
from pyteleport_jupyter.session import current_place, environment, options_items, restore_snapshot
from pyteleport_jupyter.shipping.laid_over import LaidOver
from pyteleport_jupyter.wire.channel import Message, NumberedChannel
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.waiting import ready

ARRIVED = "home again on {host} (pid {pid}, Python {python}) in {seconds:.1f} s"

LOST = "{host} was lost when all of the session had come; what was printed there last may be missing"

END_SECONDS = 2.0

Request = tuple[Lane, Sequence[bytes]]


class Takeover:
    """A kernel that nobody can reach yet, and the link to where the session is."""

    def __init__(self, unpacked: Unpacked) -> None:
        settings = unpacked.settings
        self._settings: Settings = settings
        self._home: dict[str, Any] = settings.home or {}
        self._drained = unpacked.drained
        self._cells = OpenCells()
        """Those that are known to the far side, from the one that goes on."""
        for frames in unpacked.known:
            self._cells.requested(frames)
        channel = NumberedChannel.thaw(unpacked.frozen_channel)
        attach = Reattachment(settings.far, lambda *_: None)
        self._far = FarSide(channel, carrier_of(settings.far), attach, settings.far.lease)
        environment.began_with(self._home["environment"])
        self._app = HomeKernelApp.at(settings.front, self._home["connection_file"])
        self._app.initialize([f"--profile={self._home['profile']}", *history.options(self._home["history"])])
        self._signer = Signer(settings.front.key.encode(), settings.front.scheme, self._app.session.session)
        self._late = open_file()
        self._replies: list[Request] = []
        self._gone = False

    def restore(self, stream: memoryview, buffers: Sequence[Any], laid_over: LaidOver | None = None) -> None:
        """Make the kernel's session the one in ``stream``. Raises a TeleportError."""
        kernel = self._app.kernel
        kernel.laid_over = laid_over
        options_items.configure(kernel.shell, self._home.get("options", {}))
        kernel.restored = restore_snapshot(kernel, stream, buffers, socket.gethostname())
        history.go_on(kernel.shell, self._home["history"])
        # What the file says is read here.
        settings.brought.clear()

    def go_on(self) -> None:
        """Say that the session is here, wait until there is none there, and be its kernel from then on."""
        self._far.command("tell", what="arrived")
        while not self._gone and self._far.state is not Link.GONE:
            ready(self._far.reading(), self._far.writing(), self._far.timeout())
            self._listen()
            self._far.look()
            self._listen()
            self._far.flush()
        self._take_leave()
        self._announce()
        self._app.listen()
        pass_on_captured(self._settings.captured_fds)
        self._feed()
        self._app.start()

    # -------------------------------------------------------------- the far side

    def _listen(self) -> None:
        for message in self._far.receive():
            self._take(message)

    def _take(self, message: Message) -> None:
        """What it had said before it knew that the session is here, and what it had not begun to do."""
        if message.lane is Lane.SHIP:
            self._late.write(b"".join(message.parts))
        elif message.lane is Lane.IOPUB:
            self._publish([bytes(part) for part in message.parts])
        elif message.lane is Lane.COMMAND:
            # Where a reattached supervisor refuses, there is no session any more either.
            self._gone |= parse_command(message.parts[0])["op"] == "exited"
        elif message.parts and message.parts[0] != OWN_IDENTITY:
            if message.lane is Lane.SHELL:
                self._cells.replied(message.parts)
            self._replies.append((message.lane, message.parts))

    def _publish(self, frames: list[bytes]) -> None:
        self._app.iopub_thread.send_multipart(frames)

    def _take_leave(self) -> None:
        """Of the supervisor, which has nothing more to look after."""
        self._far.command("end")
        deadline = time.monotonic() + END_SECONDS
        self._far.flush()
        while not self._far.flushed and time.monotonic() < deadline:
            self._far.flush()
        self._far.end()

    def _announce(self) -> None:
        """The line of progress comes to its end, as it does where a session arrives."""
        since = float(self._home.get("began", time.monotonic()))
        frontends.move(stage="arrived", host=socket.gethostname(), seconds=time.monotonic() - since)
        frontends.place(current_place())
        notices = Notices(self._announcement(), socket.gethostname(), self._signer, self._publish)
        notices.arrived()
        if not self._gone:
            notices.say(LOST.format(host=self._settings.far.host), self._cells.running(), ends=True)

    def _announcement(self) -> Announcement | None:
        line = self._home.get("line")
        if not isinstance(line, dict):
            return None
        return Announcement(
            display_id=str(line["display_id"]),
            metadata=dict(line["metadata"]),
            template=ARRIVED,
            facts={"pid": os.getpid(), "python": platform.python_version()},
            started=float(self._home["began"]),
            parent=dict(line["parent"]),
        )

    # ---------------------------------------------------------------- the clients

    def _feed(self) -> None:
        """What the kernel starts with: the cell that goes on, what had been sent to it, what had not."""
        self._late.seek(0)
        late = list(read_messages(self._late))
        known = [] if self._gone and late else self._cells.all()
        requests = completed(late, self._drained, known, self._signer)
        for lane, frames in self._replies:
            self._reply(lane, frames)
        by_lane = {lane: [frames for at, frames in requests if at is lane] for lane in Lane}
        self._app.kernel.taken_over = by_lane[Lane.SHELL], by_lane[Lane.CONTROL]

    def _reply(self, lane: Lane, frames: Sequence[bytes]) -> None:
        """Before all that the kernel will say; it is not waited for, as its client may be on its way back."""
        app, kernel = self._app, self._app.kernel
        if lane is Lane.SHELL:
            app.shell_channel_thread.io_loop.add_callback(kernel.shell_stream.send_multipart, frames)
        elif lane is Lane.CONTROL:
            app.control_thread.io_loop.add_callback(kernel.control_stream.send_multipart, frames)
