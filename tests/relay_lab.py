"""Kernels for the tests of the relay: real ones, through jupyter_client, with a look for what they leave
behind."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from pyteleport_jupyter.remote.inquiries import ask

TESTS = os.path.dirname(os.path.abspath(__file__))
PACKAGE_ROOT = os.path.dirname(TESTS)
MARK = "TELEPORT_TEST_MARK"


@dataclass
class Answer:
    """All that a request brought: its reply, and its iopub messages up to idle, in order."""

    reply: dict[str, Any]
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> str:
        return str(self.reply["content"]["status"])

    def text(self, name: str = "stdout") -> str:
        streams = [m["content"] for m in self.messages if m["msg_type"] == "stream"]
        return "".join(content["text"] for content in streams if content["name"] == name)

    def kinds(self) -> list[str]:
        return [m["msg_type"] for m in self.messages]

    def displays(self) -> list[str]:
        shown = ("display_data", "update_display_data")
        return [m["content"]["data"]["text/plain"] for m in self.messages if m["msg_type"] in shown]


def answer_to(client: BlockingKernelClient, message_id: str, seconds: float = 40) -> Answer:
    """Wait for reply and idle of one request; messages of others are dropped."""
    messages: list[dict[str, Any]] = []
    deadline = time.monotonic() + seconds
    while True:
        message = client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
        if message["parent_header"].get("msg_id") != message_id:
            continue
        messages.append(message)
        # The kernel that leaves says no idle for the cell that moves; the one that finishes it does.
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            break
    while True:
        reply = client.get_shell_msg(timeout=max(0.1, deadline - time.monotonic()))
        if reply["parent_header"].get("msg_id") == message_id:
            return Answer(reply, messages)


class LabKernel:
    """A kernel with the test extension loaded, and a client."""

    def __init__(self, directory: Path, **options: Any) -> None:
        self.directory = directory
        self.mark = uuid.uuid4().hex
        self.runtime = directory / "runtime"
        self.runtime.mkdir(mode=0o700)
        self.manager = KernelManager(**options)
        self.manager.start_kernel(
            env={
                # ipykernel does not capture descriptors 1 and 2 where it thinks that pytest does.
                **{name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
                "PYTHONPATH": os.pathsep.join([TESTS, PACKAGE_ROOT]),
                "TMPDIR": str(directory),
                "XDG_RUNTIME_DIR": str(self.runtime),
                "IPYTHONDIR": str(directory / "ipython"),
                MARK: self.mark,
            }
        )
        self._clients: list[BlockingKernelClient] = []
        self.client = self.new_client()
        assert self.run("%load_ext relay_extension").status == "ok"

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.pid)

    def new_client(self) -> BlockingKernelClient:
        client = self.manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        self._clients.append(client)
        return client

    def run(self, code: str, **options: Any) -> Answer:
        return answer_to(self.client, self.client.execute(code, **options))

    def ends_within(self, seconds: float) -> bool:
        return eventually(lambda: not self.manager.is_alive(), seconds)

    def close(self) -> None:
        for client in self._clients:
            client.stop_channels()
        with suppress(ProcessLookupError):
            # Not at once: after SIGKILL the far side would wait for its lease, as it should.
            self.manager.shutdown_kernel()
        for client in self._clients:
            client.context.destroy(linger=0) if client.context is not self.manager.context else None
        self.manager.cleanup_resources()


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Wait until ``condition`` holds; whether it did in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def marked_processes(mark: str) -> dict[int, str]:
    """pid: command line of the processes that were started, at any remove, with ``mark`` in their
    environment.
    """
    found: dict[int, str] = {}
    for name in os.listdir("/proc"):
        with suppress(OSError, ValueError):
            pid = int(name)
            if mark.encode() in Path(f"/proc/{pid}/environ").read_bytes():
                found[pid] = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return found


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def remains(directory: Path) -> list[str]:
    """Files that a kernel's life left in ``directory``; IPython's and empty directories do not count."""
    try:
        files = [path for path in directory.rglob("*") if not path.is_dir()]
    except FileNotFoundError:
        return ["something that is just going"]
    return sorted(str(path) for path in files if directory / "ipython" not in path.parents)


@contextmanager
def lab_kernel(**options: Any) -> Iterator[LabKernel]:
    """A kernel; when it is over, none of its processes, ports or temporary files may be left."""
    # Not pytest's tmp_path: paths of unix sockets are limited to 107 bytes.
    directory = Path(tempfile.mkdtemp(prefix="relay-"))
    if options.get("transport") == "ipc":
        options["ip"] = str(directory / "k")
    kernel = LabKernel(directory, **options)
    try:
        yield kernel
    finally:
        kernel.close()
    try:
        assert eventually(lambda: not marked_processes(kernel.mark), 20), marked_processes(kernel.mark)
        if kernel.manager.transport == "tcp":
            assert not listens(kernel.manager.shell_port)
        assert eventually(lambda: not remains_but_deposits(kernel)), remains(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def faulty_kernel(fault: str, setup: str) -> Iterator[LabKernel]:
    """As :func:`lab_kernel`, with a point at which it or its far side fails, if it is ``local``."""
    os.environ["TELEPORT_FAULT"] = fault
    try:
        with lab_kernel() as kernel:
            assert kernel.run(setup).status == "ok"
            yield kernel
    finally:
        del os.environ["TELEPORT_FAULT"]


def deposits(kernel: LabKernel) -> list[Path]:
    """Directories of what the session has left on this machine: it stays until its lease is over."""
    try:
        return [mark.parent for mark in kernel.runtime.glob("pyteleport/*/kept-*")]
    except FileNotFoundError:
        return []  # The last one is just going.


def end_deposits(kernel: LabKernel) -> None:
    """As its user does."""
    for directory in deposits(kernel):
        with suppress(OSError):
            ask(str(directory), "kill")


def remains_but_deposits(kernel: LabKernel) -> list[str]:
    """As :func:`remains`; deposits are ended, also those that have just come."""
    end_deposits(kernel)
    return remains(kernel.directory)


def message_ids(replies: list[dict[str, Any]]) -> list[str]:
    return [reply["parent_header"]["msg_id"] for reply in replies]


def far_pid(kernel: LabKernel) -> int:
    """Process id of the kernel that answers."""
    return int(kernel.run("import os; print(os.getpid())").text())


def resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.split("VmRSS:")[1].split()[0])


def connection_of(kernel: LabKernel) -> dict[str, Any]:
    info: dict[str, Any] = json.loads(Path(kernel.manager.connection_file).read_text())
    return info


def result(answer: Answer) -> str:
    """The value of the last expression, as text; without one, what was replied."""
    shown = [m["content"]["data"]["text/plain"] for m in answer.messages if m["msg_type"] == "execute_result"]
    return shown[-1] if shown else str(answer.reply["content"])
