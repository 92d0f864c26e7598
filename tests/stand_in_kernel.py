"""A kernel in a hundred lines for the tests of the supervisor: starts fast, and does on request what goes wrong.

It takes the place of ``pyteleport_jupyter.remote.kernel`` in the zip. The cell's code is a word and arguments:
``print TEXT``, ``flood COUNT SIZE``, ``input``, ``facts``, ``die STATUS``, ``sleep``, ``tell``. What is shipped decides how the
preparation goes: ``fail``, ``die`` and ``hang`` at its beginning do that, everything else is answered by its hash.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import zmq

DELIMITER = b"<IDS|MSG>"


class StandIn:
    """Sockets, key and ship descriptor of one kernel."""

    def __init__(self, connection_file: str, ship_fd: int) -> None:
        with open(connection_file) as file:
            self.connection: dict[str, Any] = json.load(file)
        self.shipped = b""
        self.reader = threading.Thread(target=self.read_shipment, args=(ship_fd,))
        self.reader.start()
        self.context = zmq.Context()
        self.shell = self.bind(zmq.ROUTER, "shell_port")
        self.control = self.bind(zmq.ROUTER, "control_port")
        self.stdin = self.bind(zmq.ROUTER, "stdin_port")
        self.iopub = self.bind(zmq.XPUB, "iopub_port")

    def read_shipment(self, ship_fd: int) -> None:
        with open(ship_fd, "rb") as file:
            self.shipped = file.read()

    def bind(self, kind: int, port: str) -> Any:
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.SNDHWM, 0)
        socket.setsockopt(zmq.LINGER, 1000)
        socket.bind(f"ipc://{self.connection['ip']}-{self.connection[port]}")
        return socket

    def message(self, message_type: str, parent: dict[str, Any], content: dict[str, Any]) -> list[bytes]:
        header = {"msg_id": os.urandom(8).hex(), "msg_type": message_type}
        parts = [json.dumps(part).encode() for part in (header, parent, {}, content)]
        key = self.connection["key"].encode()
        return [DELIMITER, hmac.new(key, b"".join(parts), "sha256").hexdigest().encode(), *parts]

    def serve(self) -> None:
        poller = zmq.Poller()
        for socket in (self.shell, self.control):
            poller.register(socket, zmq.POLLIN)
        while True:
            for socket, _ in poller.poll():
                parts = socket.recv_multipart()
                at = parts.index(DELIMITER)
                header, content = json.loads(parts[at + 2]), json.loads(parts[at + 5])
                self.answer(socket, parts[:at], header, content, parts[at + 6 :])

    def answer(
        self, socket: Any, idents: list[bytes], header: Any, content: Any, buffers: list[bytes]
    ) -> None:
        kind = header["msg_type"].removesuffix("_request")
        self.publish("status", header, {"execution_state": "busy"})
        if kind == "teleport_prepare":
            reply = self.prepare(content)
        elif kind == "execute":
            reply = self.execute(idents, header, content["code"].split())
        elif kind == "shutdown":
            if not content.get("stay"):
                os._exit(0)
            reply = {"status": "ok"}
        else:
            reply = {"status": "ok", "content": content, "buffers": [len(buffer) for buffer in buffers]}
        socket.send_multipart([*idents, *self.message(kind + "_reply", header, reply)])
        self.publish("status", header, {"execution_state": "idle"})

    def publish(self, message_type: str, parent: Any, content: Any) -> None:
        self.iopub.send_multipart([message_type.encode(), *self.message(message_type, parent, content)])

    def prepare(self, content: dict[str, Any]) -> dict[str, Any]:
        self.reader.join()
        shipped = self.shipped
        if shipped.startswith(b"fail"):
            return {"status": "error", "error": "RestoreFailed", "facts": {"reason": "no module named spam"}}
        if shipped.startswith(b"die"):
            print("MemoryError: while restoring", file=sys.stderr, flush=True)
            time.sleep(0.05)
            os._exit(3)
        if shipped.startswith(b"hang"):
            time.sleep(3600)
        # What a kernel says while it restores is nobody's output.
        self.publish("stream", {}, {"text": "chatter"})
        return {"status": "ok", "pid": os.getpid(), "python": hashlib.sha256(shipped).hexdigest(), **content}

    def execute(self, idents: list[bytes], header: Any, words: list[str]) -> dict[str, Any]:
        texts: list[str] = []
        if words[0] == "print":
            texts = [" ".join(words[1:])]
        elif words[0] == "flood":
            texts = [f"{number}:".ljust(int(words[2]), "x") for number in range(int(words[1]))]
        elif words[0] == "input":
            self.stdin.send_multipart([*idents, *self.message("input_request", header, {"prompt": "? "})])
            parts = self.stdin.recv_multipart()
            texts = [json.loads(parts[parts.index(DELIMITER) + 5])["value"]]
        elif words[0] == "facts":
            texts = [json.dumps(facts())]
        elif words[0] == "die":
            self.publish("stream", header, {"text": "last words"})
            time.sleep(0.05)
            os._exit(int(words[1]))
        elif words[0] == "sleep":
            # With a child of its own, which must go when the kernel goes.
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)", os.environ["HOME"]])
            time.sleep(3600)
        elif words[0] == "tell":
            signal.signal(signal.SIGTERM, tell_others)
        for text in texts:
            self.publish("stream", header, {"text": text})
        return {"status": "ok", "execution_count": 1}


def tell_others(*_: object) -> None:
    """As a kernel that has become a relay: there is something to be done before the end."""
    time.sleep(1)
    with open(os.path.join(os.environ["HOME"], "told"), "x"):
        os._exit(0)


def facts() -> dict[str, Any]:
    """What a kernel finds around it."""
    mask = os.umask(0)
    os.umask(mask)
    return {
        "environment": dict(os.environ),
        "path": sys.path,
        "cwd": os.getcwd(),
        "umask": mask,
        "session": os.getsid(0) == os.getpid(),
        "parent": os.getppid(),
        "can_be_interrupted": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
        "stdin": os.fstat(0).st_rdev == os.stat(os.devnull).st_rdev,
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "no_byte_code": sys.flags.dont_write_bytecode,
        "isolated": sys.flags.isolated,
        "finder": type(sys.meta_path[0]).__name__,
    }


def watch_parent() -> None:
    """As ipykernel does: end when the supervisor has gone."""
    while os.getppid() == int(os.environ["JPY_PARENT_PID"]):
        time.sleep(0.05)
    os._exit(1)


def load_for_arrival() -> None:
    """There is nothing to load."""


def main(argv: list[str]) -> None:
    if os.environ.get("STAND_IN_FAILS"):
        raise SystemExit("ImportError: libfoo.so.1: cannot open shared object file")
    threading.Thread(target=watch_parent, daemon=True).start()
    StandIn(argv[argv.index("-f") + 1], int(argv[argv.index("--ship-fd") + 1])).serve()
