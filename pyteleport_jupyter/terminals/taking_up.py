"""A session that lives elsewhere, taken up in this terminal: ``pyteleport attach``.

One at IPython's prompt gets this terminal in place of its own. That of a notebook gets a ``jupyter console``,
whose kernel is a relay to it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import termios
import time
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from pyteleport_jupyter.attaching import Foothold, foothold
from pyteleport_jupyter.cold_start import front_of
from pyteleport_jupyter.errors import AttachRefused, TeleportError, from_child
from pyteleport_jupyter.ledger import Session
from pyteleport_jupyter.relay.configuration import FarSettings, Settings, open_baggage, open_file
from pyteleport_jupyter.relay.cutover import python_path
from pyteleport_jupyter.relay.entry import become_relay, package_folder
from pyteleport_jupyter.relay.far_end import settings_over
from pyteleport_jupyter.relay.parting import PARTED, REPLACED
from pyteleport_jupyter.relay.terminal_guard import SANE
from pyteleport_jupyter.relay.terminal_settings import TerminalBaggage, TerminalSettings
from pyteleport_jupyter.relay.terminal_signals import wait_for_handlers
from pyteleport_jupyter.remote.orders import KERNEL, TERMINAL
from pyteleport_jupyter.transports import Ask, AttachRequest

STREAMS = dict.fromkeys(("stdin", "stdout", "stderr"), "terminal")

ANNOUNCEMENT = "session {session} on {host}: here from now on (%teleport detach lets it go)"
CONSOLE = "session {session} on {host}: here from now on. Ctrl-D leaves it running there, exit ends it"

PARTINGS: dict[int | None, tuple[int, str]] = {
    PARTED: (0, "session {session} goes on on {host}; pyteleport attach {session} takes it up again"),
    REPLACED: (PARTED, "session {session} on {host} was taken up elsewhere, and goes on there"),
}
"""Our status, and what the user is told, by that of the relay when the session has left us."""

GONE = (1, "session {session} on {host} has ended, or cannot be reached any more")

RECORD_LIMIT = 1 << 16

LOOK_SECONDS = 0.05

CLOSING_SECONDS = 1.0
"""So long the console has to leave by itself when the session has gone."""

END_SECONDS = 10.0
"""So long a session whose user has ended it may take for that, and a console that is told to end."""

_PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""


def take_up(session: Session, ask: Ask | None) -> int:
    """Be in ``session``, which must have been claimed, until it ends or is left; the exit status.

    Raises AttachRefused, or why the host cannot be reached.
    """
    if not (os.isatty(0) and os.isatty(1)):
        raise AttachRefused(session=session.id, reason="there is no terminal here")
    if session.kind == TERMINAL and session.token:
        _become_terminal(session, ask)
    if session.kind != KERNEL or not session.key:
        raise AttachRefused(session=session.id, reason="nobody but who has started it can have it")
    if find_spec("jupyter_console") is None:
        reason = "it is that of a notebook: say %teleport attach in one, or install jupyter_console here"
        raise AttachRefused(session=session.id, reason=reason)
    return _run_console(session, ask)


def _become_terminal(session: Session, ask: Ask | None) -> NoReturn:
    with foothold(session, ask) as found, open_file() as file:
        said = ANNOUNCEMENT.format(session=session.id, host=found.target.host)
        far = _far_settings(found, session)
        settings = TerminalSettings(far, STREAMS, (package_folder(),), announcement=said, taken_up=True)
        baggage = TerminalBaggage(settings, found.channel.freeze(), said=found.said)
        descriptor = baggage.pack(file)
        wait_for_handlers()
        become_relay(descriptor, settings.inherited())


def _far_settings(found: Foothold, session: Session) -> FarSettings:
    landed = found.landed
    attach = AttachRequest(landed.directory, landed.token, landed.python, landed.epoch + 1)
    return settings_over(
        found.link, found.target.transport.as_record(), attach, found.target.host, session.lease
    )


# ------------------------------------------------------------------ a notebook's session


class _Relay:
    """The process that the session's messages come through."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.status: int | None = None
        """How it ended."""

    def alive(self) -> bool:
        """Whether it is there; the session takes it along when it ends."""
        if self.status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is None

    def let_go(self) -> None:
        """The session there goes on for its lease."""
        if self.alive():
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


def _run_console(session: Session, ask: Ask | None) -> int:
    """The relay is a child of ours: what it is told and asks is at this terminal, too."""
    from jupyter_client.connect import write_connection_file

    file, connection = write_connection_file()
    front: dict[str, Any] = {**connection, "key": str(connection["key"])}
    told, says = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        _be_kernel(session, ask, front, says)
    os.close(says)
    relay = _Relay(pid)
    for ending in (signal.SIGHUP, signal.SIGTERM):
        # Whoever closes the terminal leaves no file behind either.
        signal.signal(ending, lambda number, frame: sys.exit(128 + number))
    try:
        return _converse(file, told, session, relay)
    finally:
        relay.let_go()
        Path(file).unlink(missing_ok=True)


def _converse(file: str, told: int, session: Session, relay: _Relay) -> int:
    from pyteleport_jupyter.terminals.console import ENDED, client_of, show_what_runs

    # Before the relay is there: what it has to say at first is said to whoever listens by then.
    client = client_of(file)
    with os.fdopen(told, "rb") as answer:
        # It ends by itself when the relay takes over.
        _raise(answer.read(RECORD_LIMIT))
    print(CONSOLE.format(session=session.id, host=session.place.target), flush=True)
    # Ctrl-C is for the cell there: the relay hears it.
    signal.signal(signal.SIGINT, lambda *_: None)
    show_what_runs(client, relay.alive)
    client.stop_channels()
    if not relay.alive():
        raise AttachRefused(session=session.id, reason="it has just ended")
    console = [sys.executable, "-m", "pyteleport_jupyter.terminals.console", file]
    status = _run_beside(console, relay)
    deadline = time.monotonic() + END_SECONDS
    while status == ENDED and relay.alive() and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    if status == ENDED or relay.alive():
        return 0 if status == ENDED else status
    status, words = PARTINGS.get(relay.status, GONE)
    print(words.format(session=session.id, host=session.place.target), file=sys.stderr, flush=True)
    return status


def _run_beside(console: list[str], relay: _Relay) -> int:
    """Until the user leaves it, or the session leaves us; the terminal is as it was. Its status."""
    terminal = termios.tcgetattr(0)
    running = subprocess.Popen(console)
    try:
        while running.poll() is None and relay.alive():
            _wait_for(running, LOOK_SECONDS)
        # It may be about to end by itself. If not, it ends at its prompt; it does not where it waits for an
        # answer that nobody will give.
        _wait_for(running, CLOSING_SECONDS)
        if running.poll() is None:
            running.terminate()
            _wait_for(running, END_SECONDS)
    finally:
        if running.poll() is None:
            running.kill()
            running.wait()
            termios.tcsetattr(0, termios.TCSADRAIN, terminal)
            os.write(1, SANE + b"\r\n")
    return running.returncode


def _wait_for(running: subprocess.Popen[bytes], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        running.wait(seconds)


def _be_kernel(session: Session, ask: Ask | None, connection: dict[str, Any], says: int) -> NoReturn:
    """A kernel's process; says why if it cannot be."""
    try:
        _end_with_parent()
        front = replace(front_of(connection), subscribers=1)
        with foothold(session, ask) as found, open_baggage() as baggage:
            settings = Settings(
                front, _far_settings(found, session), python_path=python_path(), far_key=session.key
            )
            baggage.write(settings, found.channel.freeze())
            become_relay(baggage.descriptor(), settings.inherited())
    except TeleportError as error:
        os.write(says, json.dumps(error.as_record()).encode()[:RECORD_LIMIT])
    except BaseException as error:
        reason = {"reason": f"{type(error).__name__}: {error}"}
        os.write(says, json.dumps({"error": "AttachRefused", "facts": reason}).encode())
    finally:
        os._exit(1)


def _end_with_parent() -> None:
    """By a signal that leaves no time to end the session there: who closes the terminal only leaves it."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _raise(record: bytes) -> None:
    if record:
        failure: dict[str, Any] = json.loads(record)
        raise from_child(failure)
