"""Real kernels for the session tests: one that stays where it is, and a chain of them through which a session
hops.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from jupyter_client import BlockingKernelClient
from jupyter_client.connect import write_connection_file
from session_hop import MARK

TESTS = Path(__file__).parent
SECONDS = 60.0
START = "import sys; from pyteleport_jupyter.remote.kernel import main; main(sys.argv[1:])"

Message = tuple[str, Any]


class Kernel:
    """One kernel process with its client; one that ``arrives`` waits for a session."""

    def __init__(
        self, directory: Path, *, hops: bool = False, arrives: bool = False, python: str = "", home: str = ""
    ) -> None:
        self.snapshot = directory / f"{uuid.uuid4().hex}.snapshot"
        self.ship: int | None = None
        connection_file, _ = write_connection_file(
            str(directory / f"{uuid.uuid4().hex}.json"),
            transport="ipc",
            ip=str(directory / uuid.uuid4().hex[:8]),
        )
        environment = {
            **os.environ,
            # What is there already is where an interpreter without packages of its own finds them.
            "PYTHONPATH": os.pathsep.join(
                [str(TESTS.parent), str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
            "HOPPING": str(self.snapshot) if hops else "stay",
            "JPY_PARENT_PID": str(os.getpid()),
            **({"HOME": home} if home else {}),
        }
        command = [python or sys.executable, "-m", "ipykernel_launcher", "-f", connection_file]
        descriptors: list[int] = []
        if arrives:
            read, self.ship = os.pipe()
            descriptors = [read]
            command = [*command[:1], "-c", START, "-f", connection_file, "--ship-fd", str(read)]
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            command,
            env=environment,
            pass_fds=descriptors,
            cwd=directory,
            stderr=self.errors,
            start_new_session=True,
        )
        for descriptor in descriptors:
            os.close(descriptor)
        self.client = BlockingKernelClient(connection_file=connection_file)
        self.client.load_connection_file()
        self.client.start_channels(hb=False)

    def wait_until_ready(self) -> Kernel:
        """Until it answers."""
        try:
            self.client.wait_for_ready(timeout=SECONDS)
        except RuntimeError as error:
            raise AssertionError(f"the kernel does not answer: {self.end()}") from error
        return self

    def end(self) -> str:
        """Kill it; what it wrote to its raw stderr."""
        if self.errors.closed:
            return ""
        self.client.stop_channels()
        if self.ship is not None:
            os.close(self.ship)
            self.ship = None
        self.process.kill()
        self.process.wait()
        with self.errors:
            self.errors.seek(0)
            return self.errors.read().decode(errors="replace")

    def take_over(self, snapshot: bytes) -> dict[str, Any]:
        """Ship ``snapshot`` and prepare, as the supervisor does; the content of the reply."""
        ship, self.ship = self.ship, None
        assert ship is not None
        feeder = threading.Thread(target=_feed, args=(ship, snapshot))
        feeder.start()
        reply = self.prepare()
        feeder.join()
        return reply

    def prepare(self) -> dict[str, Any]:
        """Ask for the restore; the content of the reply."""
        content = {"host": "there", "target": "there"}
        request = self.client.session.msg("teleport_prepare", content)
        self.client.shell_channel.send(request)
        reply: dict[str, Any] = self.reply_to(request["header"]["msg_id"])["content"]
        return reply

    def reply_to(self, message_id: str) -> dict[str, Any]:
        """The reply on the shell channel to this request."""
        while True:
            reply: dict[str, Any] = self.client.get_shell_msg(timeout=SECONDS)
            if reply["parent_header"].get("msg_id") == message_id:
                return reply


def _feed(descriptor: int, snapshot: bytes) -> None:
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(snapshot)
    except BrokenPipeError:
        pass


class Session:
    """A notebook session: runs cells, and follows them from kernel to kernel where they hop."""

    def __init__(self, directory: Path, *, hops: bool, python: str = "") -> None:
        self.directory, self.hops, self.python = directory, hops, python
        self.kernel = Kernel(directory, hops=hops, python=python)
        self.next: Kernel | None = self._new_kernel() if hops else None
        self.kernel.wait_until_ready()
        self.jumps = 0
        loaded = self.run("%load_ext session_hop")
        assert loaded[-1][1]["status"] == "ok", loaded

    def _new_kernel(self) -> Kernel:
        return Kernel(self.directory, hops=True, arrives=True, python=self.python)

    def end(self) -> None:
        """Kill what is left of it, and show what the kernels complained about."""
        for kernel in (self.kernel, self.next):
            if kernel is not None:
                print(kernel.end(), end="")

    def run(self, code: str, answer: str = "", **content: Any) -> list[Message]:
        """Run one cell to its end, wherever that is; all its messages in order, the reply last."""
        return self.follow(self.send(code, allow_stdin=bool(answer), **content), answer)

    def send(self, code: str, **content: Any) -> dict[str, Any]:
        """Send one cell; the request."""
        full = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, **content}
        request: dict[str, Any] = self.kernel.client.session.msg(
            "execute_request", {"stop_on_error": True, **full}
        )
        self.kernel.client.shell_channel.send(request)
        return request

    def follow(self, request: dict[str, Any], answer: str = "", until: str = "") -> list[Message]:
        """The messages of a cell from now on, to its end or until it has printed a word."""
        messages: list[Message] = []
        while not (until and until in "".join(content.get("text", "") for _, content in messages)):
            message = self._next_message(request["header"]["msg_id"], answer)
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "status":
                if content["execution_state"] == "idle":
                    reply = self.kernel.reply_to(request["header"]["msg_id"])
                    return [*messages, ("execute_reply", reply["content"])]
            elif MARK in content.get("data", {}):
                self._hop(request)
            else:
                messages.append((kind, content))
        return messages

    def _next_message(self, message_id: str, answer: str) -> dict[str, Any]:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            client = self.kernel.client
            if answer and client.stdin_channel.msg_ready():
                client.get_stdin_msg(timeout=1)
                client.input(answer)
            if client.iopub_channel.socket.poll(100):
                message: dict[str, Any] = client.get_iopub_msg(timeout=1)
                if message["parent_header"].get("msg_id") == message_id:
                    return message
            elif self.kernel.process.poll() is not None:
                raise AssertionError(f"the kernel died: {self.kernel.end()}")
        raise AssertionError("the cell did not end")

    def _hop(self, request: dict[str, Any]) -> None:
        here, there = self.kernel, self.next
        assert there is not None
        there.wait_until_ready()
        reply = there.take_over(here.snapshot.read_bytes())
        assert reply["status"] == "ok", (reply, there.end())
        here.end()
        self.kernel, self.jumps = there, self.jumps + 1
        self.next = self._new_kernel()
        marked = {**request, "metadata": {**request["metadata"], "teleport": {"resume": True}}}
        there.client.shell_channel.send(marked)


_NORMAL = (
    (re.compile(r"^(Compiler|Parser) .*\n", re.MULTILINE), ""),  # told of compilers that took more than 0.1 s
    (re.compile(r"ipykernel_\d+"), "ipykernel_PID"),
    (re.compile(r"0x[0-9a-f]{6,}"), "0xADDRESS"),
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"), "UNIQUE"),
    (re.compile(r"-?[\d.]+(e\+\d+)? (ns|[µμ]s|us|ms|s)\b"), "TIME"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{24}_\d+_\d+\b"), "MESSAGE"),
    (re.compile(r"(owner|pid)=\d+"), "\\1=NUMBER"),
)


def normal(value: Any) -> Any:
    """``value`` without what differs from process to process: pids in file names, addresses, ids, times."""
    if isinstance(value, str):
        for pattern, word in _NORMAL:
            value = pattern.sub(word, value)
        return value
    if isinstance(value, dict):
        return {normal(key): normal(part) for key, part in value.items()}
    if isinstance(value, list):
        return [normal(part) for part in value]
    return value


def comparable(messages: list[Message]) -> list[Message]:
    """Messages with consecutive pieces of one stream put together: a hop flushes, which splits them."""
    joined: list[Message] = []
    for kind, content in messages:
        if kind == "stream" and joined and joined[-1][0] == kind and joined[-1][1]["name"] == content["name"]:
            joined[-1] = (kind, {**content, "text": joined[-1][1]["text"] + content["text"]})
        else:
            joined.append((kind, content))
    return [(kind, normal(_without_engine(content))) for kind, content in joined]


def _without_engine(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "engine_info"}
