"""Kernels on lab hosts, driven from pytest through the ordinary Jupyter client."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

import psutil
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.localinterfaces import local_ips
from jupyter_client.manager import KernelManager

from .enter_host import PLACEHOLDER
from .hosts import Host

START_SECONDS = 60.0
PORTS = itertools.count(20000)
"""Not given out twice; below the range from which the kernel takes ports for clients."""
KERNEL = ("-m", "ipykernel_launcher", "-f")


@dataclass
class CellRun:
    """What a client sees of one execute_request."""

    reply: dict[str, Any]
    """The reply on the shell channel, whole."""
    messages: list[dict[str, Any]] = field(default_factory=list)
    """Everything on iopub whose parent is the request, in order, ``status: idle`` last."""

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Content of the messages of one type."""
        return [m["content"] for m in self.messages if m["header"]["msg_type"] == kind]

    def text(self, stream: str = "stdout") -> str:
        """All that was printed."""
        return "".join(c["text"] for c in self.of_type("stream") if c["name"] == stream)

    @property
    def result(self) -> str | None:
        """text/plain of the cell's Out, if there is one."""
        results = self.of_type("execute_result")
        return results[-1]["data"]["text/plain"] if results else None

    @property
    def error(self) -> str | None:
        """``Name: value`` of the error reply, if it is one."""
        content = self.reply["content"]
        return f"{content['ename']}: {content['evalue']}" if content["status"] == "error" else None


class LabKernel:
    """A kernel that was started on ``host`` as its user; manager and client are in pytest's process.

    The manager's signals, restart and shutdown work as for a kernel of this machine.
    """

    def __init__(self, host: Host, directory: Path, environment: Mapping[str, str] | None = None) -> None:
        """Start it and wait until it answers. ``directory``: for specification and connection file."""
        self.host = host
        specification = directory / "kernels/lab/kernel.json"
        specification.parent.mkdir(parents=True, exist_ok=True)
        specification.write_text(json.dumps(kernel_specification(host, environment or {})))
        if host.ip not in local_ips():
            # jupyter_client starts kernels on local addresses only; the host's is one: it is on this machine.
            local_ips().append(host.ip)
        finder = KernelSpecManager(kernel_dirs=[str(directory / "kernels")], ensure_native_kernel=False)
        self.manager = KernelManager(
            kernel_name="lab",
            kernel_spec_manager=finder,
            ip=host.ip,
            connection_file=str(directory / "kernel.json"),
            **(own_ports() if host.has_own_system else {}),
        )
        self.manager.start_kernel()
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=START_SECONDS)
        except RuntimeError:
            self.close()
            raise

    @property
    def process(self) -> psutil.Process:
        """The kernel (or the relay that it has become), by its process id as pytest sees it."""
        starter = psutil.Process(getattr(self.manager.provisioner, "pid", None))
        return starter.children()[0] if self.host.has_own_system else starter

    def execute(self, code: str, timeout: float = 60.0, **options: Any) -> CellRun:
        """Run a cell; returns when both the reply and ``idle`` are here.

        Raises queue.Empty after ``timeout``.
        """
        return self.finish(self.client.execute(code, **options), timeout)

    def finish(self, request: str, timeout: float = 60.0) -> CellRun:
        """Collect what belongs to a request (its message id) until it is done. Raises queue.Empty."""
        deadline = time.monotonic() + timeout
        messages: list[dict[str, Any]] = []
        while not (messages and is_idle(messages[-1])):
            message = self.client.get_iopub_msg(timeout=max(0.01, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") == request:
                messages.append(message)
        return CellRun(self._reply(request, deadline), messages)

    def _reply(self, request: str, deadline: float) -> dict[str, Any]:
        while time.monotonic() < deadline:
            reply: dict[str, Any] = self.client.get_shell_msg(timeout=max(0.01, deadline - time.monotonic()))
            if reply["parent_header"].get("msg_id") == request:
                return reply
        raise Empty

    def close(self) -> None:
        """Shut the kernel down, as a frontend would; kill it when it does not listen."""
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=not self.manager.is_alive())
        self.manager.cleanup_connection_file()
        self.manager.context.destroy(linger=0)


def own_ports() -> dict[str, Any]:
    """Ports for a kernel in another network namespace, where jupyter_client cannot try which are free."""
    kinds = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
    return {"cache_ports": False, **{kind: next(PORTS) for kind in kinds}}


def is_idle(message: dict[str, Any]) -> bool:
    """Whether this is the message that ends a request."""
    kind: str = message["header"]["msg_type"]
    return kind == "status" and message["content"]["execution_state"] == "idle"


def kernel_specification(host: Host, environment: Mapping[str, str]) -> dict[str, Any]:
    """A kernel.json that starts ipykernel on the host, with more in its environment."""
    python = ["env", *(f"{name}={value}" for name, value in environment.items()), host.python]
    if host.has_own_system:
        options = ["--connection-file", "{connection_file}"]
        argv = host.command([*python, *KERNEL, PLACEHOLDER], options)
    else:
        argv = host.command([*python, *KERNEL, "{connection_file}"])
    return {"argv": argv, "display_name": f"Python on {host.name}", "language": "python"}
