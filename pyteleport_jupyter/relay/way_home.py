"""The way home through a kernel's relay: it receives the session into a file, and becomes a kernel again.

Unpickling is running what the far side says, so the far side alone can bring nothing here: that the user
wants it is known from what passed through us (see :func:`means_home`), from the day of departure, or asked.
"""

from __future__ import annotations

import os
import queue
import re
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, BinaryIO, NoReturn

from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.relay.above import Above
from pyteleport_jupyter.relay.configuration import Baggage, Settings, open_file
from pyteleport_jupyter.relay.endpoints import Endpoints, Rest
from pyteleport_jupyter.relay.entry import package_folder
from pyteleport_jupyter.relay.far_side import FarSide
from pyteleport_jupyter.relay.holding import Delivery
from pyteleport_jupyter.relay.housekeeping import Housekeeping
from pyteleport_jupyter.relay.kept import Kept
from pyteleport_jupyter.relay.onward import Onward, Successor
from pyteleport_jupyter.relay.processes import captured_descriptors
from pyteleport_jupyter.relay.requests import OpenCells
from pyteleport_jupyter.relay.signing import content_of, header_of
from pyteleport_jupyter.relay.states import Link
from pyteleport_jupyter.remote.control import SHIP, TALK
from pyteleport_jupyter.wire.channel import NumberedChannel
from pyteleport_jupyter.wire.lanes import Lane

HOME_BOOT = (
    "import sys;z=sys.argv[1];sys.path[:not sys.flags.safe_path]=[z];"
    "from pyteleport_jupyter.homecoming.arrival import main;main()"
)
"""Program for ``python -c HOME_BOOT FOLDER BAGGAGE SNAPSHOT`` (two descriptors)."""

NAMED = re.compile(r"teleport\b.*\bhome\b|\baway\s*\(|[\"']home[\"']")
"""How code says that it will come home."""

SAYING: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "execute_request": lambda content: content.get("code"),
    "teleport_request": lambda content: f"teleport({content.get('target')!r})",
}
"""What a request runs, as code."""

QUESTION = (
    "Bring this session home from {host}? What it sends will be run on this machine. "
    "To allow it, type {word}:"
)
"""The word is one that the far side cannot see: it may have the user answer a question of its own."""

DELIVER_SECONDS = 2.0
"""So long clients may take to have what is theirs before their connections are renewed."""

FOLLOW_SECONDS = 60.0
"""So long what a session has said that was behind us may take to those that we belong to."""

Requests = list[tuple[Lane, Sequence[bytes]]]


def means_home(code: object) -> bool:
    """Whether this code, which a front end sent, speaks of coming home."""
    return isinstance(code, str) and bool(NAMED.search(code))


class WayHome:
    """What the relay does when the session over there says that it wants to come back."""

    def __init__(
        self,
        settings: Settings,
        channel: NumberedChannel,
        far: FarSide,
        delivery: Delivery,
        endpoints: Endpoints,
        ask: Callable[[str, bool], str | None],
        cells: OpenCells,
    ) -> None:
        home = settings.home or {}
        self.onward = Onward(self._say, ask, set(home.get("named", ())), home.get("options", {}))
        self._above = Above(settings.above, self._say, self._told)
        self.kept = Kept(settings.keeper, lambda held: self._say("answer", held=held))
        self._shipped = False
        self._settings = settings
        self._channel = channel
        self._far = far
        self._delivery = delivery
        self._endpoints = endpoints
        self._ask = ask
        self._cells = cells
        self._allowed: bool | None = None if settings.home is None else settings.home["allowed"]
        self._asking = self._wanted = False
        self._answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._received: BinaryIO | None = None
        self._farewell: dict[str, Any] = {}
        self._cell = ""
        if settings.failure is not None:
            self._refuse(**settings.failure)

    def watched(self) -> dict[int, bool]:
        """Descriptors to be watched besides the link, and whether for writing too."""
        return {**self.onward.watched(), **self.kept.watched(), **self._above.watched()}

    @property
    def congested(self) -> bool:
        """Whether the session says more than is taken where it goes to."""
        return self.onward.congested or self._above.congested

    @property
    def leaving(self) -> bool:
        """The session is here in a file, or held by another host: nothing more is for where it was."""
        return self._shipped or self.onward.leaving or self.passed_by

    @property
    def passed_by(self) -> bool:
        """The session was behind us, and is at home or on its way elsewhere, by those that we belong to."""
        return self._above.arrived is not None

    def go_on_with(self, successor: Successor) -> None:
        """The session is elsewhere now."""
        self._far, self._channel = successor.far, successor.channel
        self._settings = replace(self._settings, far=successor.settings)

    def _say(self, what: str, **fields: object) -> None:
        if what == "landed" and self._above.refusal:
            fields["jump"] = self._above.refusal
        self._far.command("tell", what=what, **fields)

    # ------------------------------------------------------------------- consent

    def requested(self, frames: Sequence[bytes]) -> None:
        """A client sent this: it may say that the user wants the session back, or where it may go."""
        if not any(b"teleport" in frame or b"home" in frame or b"away" in frame for frame in frames):
            return
        # Other requests have code in them too, and run none of it.
        says = SAYING.get(str(header_of(frames).get("msg_type")))
        code = says(content_of(frames)) if says is not None else None
        self.onward.requested(code)
        if self._allowed is None and means_home(code):
            self._allowed = True

    def told(self, command: Mapping[str, Any]) -> None:
        """The session says this."""
        if not self._above.told(command):
            self._told(command)

    def _told(self, command: Mapping[str, Any]) -> None:
        what = command.get("what")
        if what == "onward" and self._settings.far_key is not None:
            # The next host would have the session's key, not that of the clients here.
            self._refuse("TeleportError", {"reason": "it was taken up here by attach"})
            return
        if what == "homeward":
            self._consider()
        elif what == "offer" and self._received is not None:
            self.kept.expect(command.get("size"))
        elif what == "shipped" and self._received is not None:
            # Its clock is another one.
            seconds = command.get("seconds")
            began = time.monotonic() - (seconds if isinstance(seconds, int | float) else 0.0)
            self._farewell = {"line": command.get("line"), "began": began}
            self._cell = str(command.get("cell", ""))
            self._shipped = True
        elif what in ("cancelled", "gone"):
            self._forget()
        self.onward.told(command)

    def _consider(self) -> None:
        reason = self._obstacle()
        if reason is not None:
            self._refuse("HomeRefused", {"reason": reason})
        elif self._allowed:
            self._welcome()
        elif self._asking:
            self._refuse("HomeRefused", {"reason": "whether it may is being asked already"})
        else:
            self._asking = self._wanted = True
            threading.Thread(target=self._ask_for_leave, name="consent", daemon=True).start()

    def _ask_for_leave(self) -> None:
        """In a thread."""
        word = os.urandom(2).hex()
        answer = self._ask(QUESTION.format(host=self._settings.far.host, word=word), False)
        self._answers.put(str(answer or "").strip() == word)

    def _heard(self, yes: bool) -> None:
        """The user has answered. Who asked may have given up by then."""
        self._asking = False
        if not self._wanted:
            return
        self._wanted = False
        if yes:
            self._allowed = True
            self._welcome()
        else:
            reason = "no cell of yours says so, and nobody said yes (teleport with --home to allow it)"
            self._refuse("HomeRefused", {"reason": reason})

    def _obstacle(self) -> str | None:
        home = self._settings.home
        if home is None:
            return "between here and there is a process that cannot become a kernel again, nor pass it on"
        if self._settings.far_key is not None:
            return "it was taken up here by attach, and began in another process"
        if self._allowed is False:
            return "it left with --no-home, so nothing that it sends is run here"
        if not os.access(str(home["python"]), os.X_OK):
            return f"{home['python']} is not there any more"
        return None

    def _welcome(self) -> None:
        self._received = open_file()
        self._say("welcome", keeps=self.kept.algorithms(), key=self.kept.key)

    def _refuse(self, error: str, facts: Mapping[str, Any]) -> None:
        self._say("refused", error=error, facts=dict(facts))

    def _forget(self) -> None:
        self._received, self._shipped = None, False
        self._wanted = False
        self.kept.forget()

    # ------------------------------------------------------------------ receiving

    def receive(self, parts: Sequence[bytes]) -> None:
        """A piece of the session. One that there is no room for here stays where it is."""
        if self._above.pass_up(SHIP, b"".join(parts)):
            return
        if self.onward.successor is not None:
            self.onward.successor.keep(b"".join(parts))
        if self._received is None or self._shipped:
            return
        if self.kept.collecting:
            self.kept.add(b"".join(parts))
            return
        try:
            if self._received.tell() > _memory_bytes():
                raise OSError("it is larger than the memory here")
            self._received.write(b"".join(parts))
        except (OSError, MemoryError) as error:
            self._forget()
            self._refuse("HomeRefused", {"reason": str(error)})

    def talk(self, content: bytes) -> None:
        """The session says this to a new host."""
        if not self._above.pass_up(TALK, content):
            self.onward.talk(content)

    # -------------------------------------------------------------------- leaving

    def look(self, take_rest: Callable[[], Requests], housekeeping: Housekeeping) -> Requests:
        """At the end of a step, when all that came with the last word has been seen to.

        ``take_rest`` gives what clients have sent and the far side has not got. Returns requests that are the
        relay's again.
        """
        self.kept.look()
        self._above.look(self._far.has_room, self._send_talk)
        self.onward.look(self._far.has_room, self._send_talk)
        while not self._answers.empty():
            self._heard(self._answers.get())
        # Without a link nobody would hear that the session has arrived.
        if self._shipped and self._far.state is Link.UP:
            return self._become_kernel(take_rest, housekeeping)
        return []

    def _send_talk(self, content: bytes) -> None:
        self._far.send(Lane.TALK, [content])

    def follow(self, take_rest: Callable[[], Requests]) -> None:
        """The session has passed us by, and its kernel has ended: all that it said goes out, and what clients
        had sent to it, by us, goes where it is.
        """
        self.deliver(FOLLOW_SECONDS)
        self._above.until_quiet()
        requests: Requests = []
        # In the process of a kernel, nothing comes to rest.
        with suppress(OSError):
            requests += self._endpoints.come_to_rest().requests
        self._above.follow([*take_rest(), *requests])

    def _become_kernel(self, take_rest: Callable[[], Requests], housekeeping: Housekeeping) -> Requests:
        """Become a kernel again, by exec. If the system refuses, the session stays where it is."""
        received = self._received
        if received is None:
            return []
        requests: Requests = []
        try:
            self.deliver()
            rest = self._endpoints.come_to_rest()
            requests = [*take_rest(), *rest.requests]
            with rest.given_up(), open_file() as file:
                known = [cell.request for cell in self._cells.since(self._cell) if cell.request]
                settings = replace(self._settings_at_home(rest), known=len(known))
                baggage = Baggage(file)
                baggage.write(settings, self._channel.freeze())
                baggage.append(Lane.SHELL, known)
                for lane, frames in requests:
                    baggage.append(lane, [frames])
                received.flush()
                os.lseek(received.fileno(), 0, os.SEEK_SET)
                _exec(settings, (baggage.descriptor(), received.fileno()), housekeeping)
        except (OSError, LookupError) as error:
            self._forget()
            self._refuse("HomeRefused", {"reason": str(error)})
        return requests

    def _settings_at_home(self, rest: Rest) -> Settings:
        front = replace(
            self._settings.front,
            listeners=rest.listeners,
            subscriber_fds=rest.subscriber_fds,
            subscribers=rest.subscribers,
        )
        return replace(
            self._settings,
            front=front,
            far=self._far.settings(self._settings.far),
            in_flight=None,
            announcement=None,
            signals_fd=None,
            captured_fds=captured_descriptors(),
            committed=True,
            failure=None,
            home={**(self._settings.home or {}), **self._farewell, "allowed": self._allowed},
        )

    def deliver(self, seconds: float = DELIVER_SECONDS) -> None:
        """Give clients what is theirs."""
        self._delivery.open()
        deadline = time.monotonic() + seconds
        while not self._delivery.idle and time.monotonic() < deadline:
            self._delivery.look()
            time.sleep(0.005)


def _exec(settings: Settings, files: tuple[int, int], housekeeping: Housekeeping) -> NoReturn:
    home = settings.home or {}
    for number in (*files, *settings.inherited()):
        os.set_inheritable(number, True)
    argv = [str(home["python"]), *map(str, home["flags"]), "-c", HOME_BOOT, package_folder()]
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        # It waits in the mask of this thread, across exec, until the cell goes on.
        housekeeping.look(set(housekeeping.reading()))
        if housekeeping.interrupted():
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        fault("home.exec")
        os.execv(argv[0], [*argv, *map(str, files)])
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _memory_bytes() -> int:
    with suppress(OSError, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 1 << 40
