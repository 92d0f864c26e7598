"""A supervisor for the tests of the relay: the wire on stdin and stdout, a stock ipykernel behind it.

Where the real one restores a session, this one only runs what stands below the line ``%cut`` in the request
that is to be resumed; so the tests of the relay need neither frames nor objects.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from contextlib import suppress
from typing import Any

import zmq

from pyteleport_jupyter.relay.signing import Signer, content_of, header_of, parent_header_of
from pyteleport_jupyter.wire.channel import Message, NumberedChannel
from pyteleport_jupyter.wire.commands import encode_command, parse_command
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.pipe import Pipe

IDENTITY = b"teleport-supervisor"
PORTS = {Lane.SHELL: 1, Lane.CONTROL: 2, Lane.STDIN: 3, Lane.IOPUB: 4}


class StandIn:
    def __init__(self, pipe: Pipe, directory: str, key: str) -> None:
        self.pipe = pipe
        self.directory = directory
        self.committed = False
        self.over = False
        self.signer = Signer(key.encode(), "hmac-sha256", "stand-in")
        self.process = self._start_kernel(key)
        self.sockets = {lane: self._connect(lane, port) for lane, port in PORTS.items()}

    def _start_kernel(self, key: str) -> subprocess.Popen[bytes]:
        connection = {f"{lane.name.lower()}_port": port for lane, port in PORTS.items()}
        connection |= {"transport": "ipc", "ip": f"{self.directory}/k", "key": key, "hb_port": 5}
        path = os.path.join(self.directory, "kernel.json")
        with open(path, "w") as file:
            json.dump(connection, file)
        environment = {**os.environ, "TELEPORT_FAULT": "", "JPY_PARENT_PID": str(os.getpid())}
        return subprocess.Popen([sys.executable, "-m", "ipykernel_launcher", "-f", path], env=environment)

    def _connect(self, lane: Lane, port: int) -> zmq.Socket[bytes]:
        socket = zmq.Context.instance().socket(zmq.SUB if lane is Lane.IOPUB else zmq.DEALER)
        if lane is Lane.IOPUB:
            socket.subscribe(b"")
        else:
            socket.identity = IDENTITY
        socket.sndhwm = socket.rcvhwm = 0
        socket.linger = 500
        socket.reconnect_ivl = 10
        socket.connect(f"ipc://{self.directory}/k-{port}")
        return socket

    def wait_until_ready(self) -> None:
        """Answered, and subscribed: the first answer may have come before the subscription."""
        while True:
            request = self.signer.message("kernel_info_request", {})
            self.sockets[Lane.SHELL].send_multipart([b"stand-in", *request])
            self.sockets[Lane.SHELL].recv_multipart()
            if self.sockets[Lane.IOPUB].poll(10):
                return

    def command(self, op: str, **fields: object) -> None:
        self.pipe.channel.send(Lane.COMMAND, [encode_command(op, **fields)])

    def obey(self, command: dict[str, Any]) -> None:
        match command["op"]:
            case "start":
                self.wait_until_ready()
                self.command("ready", pid=self.process.pid)
            case "hold":
                self.command("held")
            case "commit":
                if "STAND_IN_NEVER_COMMITS" not in os.environ:
                    self.committed = True
                    self.command("committed")
            case "abort" | "end":
                self.over = True

    def take(self, message: Message) -> None:
        if message.lane is Lane.COMMAND:
            self.obey(parse_command(message.parts[0]))
            return
        parts = list(message.parts)
        if message.lane is Lane.SHELL and b'"resume"' in parts[parts.index(b"<IDS|MSG>") + 4]:
            parts = self.rest_of_cell(parts)
        self.sockets[message.lane].send_multipart(parts)

    def rest_of_cell(self, parts: list[bytes]) -> list[bytes]:
        delimiter = parts.index(b"<IDS|MSG>")
        content = content_of(parts)
        lines = content["code"].split("\n")
        cut = next(i for i, line in enumerate(lines) if "%cut" in line)
        content["code"] = "\n".join(lines[cut + 1 :])
        signed = self.signer.signed(header_of(parts), parent_header_of(parts), {}, content)
        return [*parts[:delimiter], *signed]

    def forward(self) -> None:
        for lane in (Lane.IOPUB, Lane.STDIN, Lane.CONTROL, Lane.SHELL):
            with suppress(zmq.Again):
                while self.pipe.channel.has_room:
                    parts = self.sockets[lane].recv_multipart(zmq.NOBLOCK)
                    if self.committed and parts[0] != b"stand-in":
                        self.pipe.channel.send(lane, parts)

    def run(self) -> None:
        poller = zmq.Poller()
        while not self.over and not self.pipe.closed:
            items: dict[Any, int] = {self.pipe.read_fd: zmq.POLLIN}
            if self.pipe.wants_write:
                items[self.pipe.write_fd] = zmq.POLLOUT
            if self.pipe.channel.has_room:
                items |= dict.fromkeys(self.sockets.values(), zmq.POLLIN)
            poller = zmq.Poller()
            for item, flags in items.items():
                poller.register(item, flags)
            poller.poll(50)
            for message in self.pipe.fill():
                self.take(message)
            self.forward()
            self.pipe.flush()
            self.look_at_kernel()

    def look_at_kernel(self) -> None:
        if self.process.poll() is None:
            return
        for _ in range(20):
            select.select([], [], [], 0.01)
            self.forward()
        self.command("exited", status=self.process.returncode)
        while self.pipe.wants_write and not self.pipe.closed:
            self.pipe.flush()
        self.over = True


def main() -> None:
    read_fd, write_fd = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory(prefix="stand-in-") as directory:
        stand_in = StandIn(Pipe(read_fd, write_fd, NumberedChannel()), directory, sys.argv[1])
        try:
            stand_in.run()
        finally:
            stand_in.process.kill()
            stand_in.process.wait()


if __name__ == "__main__":
    main()
