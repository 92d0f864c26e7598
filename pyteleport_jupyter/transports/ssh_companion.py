"""The process beside the system's ssh: it takes ssh's questions to the user and says what became of the
connection.

It is a forked child of the process that becomes ssh, in a session of its own so that it can tidy up when
that one is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import shutil
import signal
import socket
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from pyteleport_jupyter.errors import ShellFailed, TeleportError, clean
from pyteleport_jupyter.transports.child_events import ANSWER_SECONDS, LONGEST_LINE, parse_answer
from pyteleport_jupyter.transports.failures import of_ssh_lines, refused_shell
from pyteleport_jupyter.transports.secret import Secret

LOOK_SECONDS = 0.5
"""How often to look whether ssh is still there, in case a ProxyCommand of it keeps stderr open."""
KEPT_LINES = 64
LONGEST_STDERR = 1 << 16
COMPLAINT_LIMIT = 1 << 20
CONNECT_SECONDS = 900.0

_OF_VERBOSE = re.compile(
    r"(Authenticated to |Transferred: sent |Bytes per second: |Server host key: |Next authentication )"
)
_AUTHENTICATED = re.compile(r"Authenticated to .* using |Authenticated to .* via ")
_HOST_KEY = re.compile(r"authenticity of host|continue connecting", re.IGNORECASE)


class Companion:
    """Serves one ssh, from before it starts until it has ended.

    ``shared``: ssh goes through a ControlMaster, where nobody logs in and ssh has no word for being
    connected. ``jumps``: see :func:`~.jump_hosts.jump_names`.
    """

    def __init__(
        self,
        host: str,
        events: socket.socket,
        listener: socket.socket,
        stderr_fd: int,
        directory: Path,
        *,
        shared: bool,
        jumps: Mapping[str, str],
    ) -> None:
        self._host = host
        self._jumps = jumps
        self._events = events
        self._listener = listener
        self._stderr_fd = stderr_fd
        self._directory = directory
        self._ssh = os.getpid()
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._partial = ""
        self._connected = False
        self._shared = shared
        self._complaints_left = COMPLAINT_LIMIT

    def serve(self) -> NoReturn:
        """Called in the forked child; ends it."""
        status = 1
        try:
            os.setsid()
            _leave_stdin()
            self._watch()
            status = 0
        finally:
            shutil.rmtree(self._directory, ignore_errors=True)
            os._exit(status)

    def _watch(self) -> None:
        deadline = time.monotonic() + CONNECT_SECONDS
        if self._shared:
            self._connect()
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ, self._answer_askpass)
            selector.register(self._stderr_fd, selectors.EVENT_READ, self._read_stderr)
            selector.register(self._events, selectors.EVENT_READ, self._read_events)
            going_on = True
            while going_on and self._ssh_lives() and (self._connected or time.monotonic() < deadline):
                for key, _ in selector.select(LOOK_SECONDS):
                    going_on = key.data() and going_on
                if self._connected and selector.get_map().get(self._events):
                    # The parent may close its end from now on.
                    selector.unregister(self._events)
        self._conclude()

    def _ssh_lives(self) -> bool:
        return os.getppid() == self._ssh

    def _read_stderr(self) -> bool:
        received = os.read(self._stderr_fd, LONGEST_STDERR)
        self._take_lines(received.decode(errors="replace"))
        return bool(received)

    def _take_lines(self, text: str) -> None:
        *lines, self._partial = (self._partial + text).split("\n")
        self._partial = self._partial[-LONGEST_STDERR:]
        for line in lines:
            self._take_line(line.rstrip("\r"))

    def _take_line(self, line: str) -> None:
        if not self._connected and _AUTHENTICATED.search(line):
            shutil.rmtree(self._directory, ignore_errors=True)
            self._connect()
        if _OF_VERBOSE.match(line):
            return
        self._lines.append(line)
        written = (line + "\n").encode()[: self._complaints_left]
        self._complaints_left -= len(written)
        os.write(2, written)

    def _connect(self) -> None:
        self._connected = True
        self._tell(event="connected")

    def _read_events(self) -> bool:
        """Nothing is expected here but the parent's end: then nobody is left to connect for."""
        if self._receive():
            return True
        if self._ssh_lives():
            os.kill(self._ssh, signal.SIGTERM)
        return False

    def _answer_askpass(self) -> bool:
        asking, _ = self._listener.accept()
        with asking:
            asking.settimeout(10.0)
            hint, _, prompt = _read_all(asking).decode(errors="replace").partition("\n")
            answer = self._ask(prompt, hint)
            with contextlib.suppress(OSError):
                asking.sendall(b"" if answer is None else b"+" + answer.encode())
        return True

    def _ask(self, prompt: str, hint: str) -> Secret | None:
        if hint == "none":
            # "Touch your security key": a notice, ssh ends the program itself.
            return Secret("")
        asked = question(prompt, hint)
        if asked["kind"] == "confirm":
            # The fingerprint stands here only, not on stderr; a refusal should name it.
            self._lines.extend(asked["text"].splitlines())
        self._tell(event="question", **asked)
        self._events.settimeout(ANSWER_SECONDS)
        line = b""
        while not line.endswith(b"\n") and len(line) <= LONGEST_LINE:
            received = self._receive()
            line += received
            if not received:
                return None
        return parse_answer(line)

    def _receive(self) -> bytes:
        try:
            return self._events.recv(LONGEST_LINE)
        except OSError:
            return b""

    def _tell(self, **record: Any) -> None:
        with contextlib.suppress(OSError):
            self._events.sendall(json.dumps(record).encode() + b"\n")

    def _conclude(self) -> None:
        """Say why it failed, if it failed before the host ran the command."""
        os.set_blocking(self._stderr_fd, False)
        with contextlib.suppress(BlockingIOError):
            while self._read_stderr():
                pass
        self._take_lines("\n" if self._partial else "")
        failure = self._failure()
        # Before the last word: whoever hears it may count on nothing being left.
        shutil.rmtree(self._directory, ignore_errors=True)
        if failure:
            self._tell(event="failed", **failure.as_record())

    def _failure(self) -> TeleportError | None:
        if not self._connected:
            return of_ssh_lines(self._host, [line for line in self._lines if line.strip()], self._jumps)
        reason = refused_shell(self._lines)
        return ShellFailed(host=self._host, reason=reason) if reason else None


def question(prompt: str, hint: str) -> dict[str, Any]:
    """What ssh asks its SSH_ASKPASS program, as the fields of a question event."""
    text = clean(prompt).strip()
    lower = text.lower()
    if hint == "confirm" or _HOST_KEY.search(text):
        return {"kind": "confirm", "text": text, "secret": False}
    kind = "passphrase" if "passphrase" in lower else "password" if "password" in lower else "code"
    return {"kind": kind, "text": text, "secret": True}


def _leave_stdin() -> None:
    """ssh alone reads from the link. stdout stays open, unused: so the parent sees the end of file when all
    that there is to say about it has been said.
    """
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _read_all(asking: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(OSError):
        while len(received) <= LONGEST_LINE and (part := asking.recv(LONGEST_LINE)):
            received += part
    return received
