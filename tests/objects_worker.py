"""The other side of the tests of ``objects``: a process that receives sessions and answers questions about them.

Commands on stdin, one JSON line each: ``{"do": "load"}`` with a session behind it, ``{"do": "ask", "code": ...}``. One
JSON line of answer for each on stdout.
"""

from __future__ import annotations

import contextvars
import json
import sys
import threading
from types import ModuleType
from typing import Any, BinaryIO

LIMIT = 1 << 31


def serve(commands: BinaryIO, answers: BinaryIO) -> None:
    sys.modules["__main__"] = ModuleType("__main__")
    for line in commands:
        try:
            answer = {"value": obey(json.loads(line), commands)}
        except Exception as error:
            answer = {"error": type(error).__name__, "text": str(error)}
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def obey(command: dict[str, Any], commands: BinaryIO) -> Any:
    if command["do"] == "load":
        return load_session(commands)
    return repr(eval(command["code"], vars(sys.modules["__main__"])))


def load_session(commands: BinaryIO) -> int:
    from pyteleport_jupyter import objects
    from pyteleport_jupyter.frames import finish_restore

    stream, buffers = objects.chunks.receive(lambda view: fill(commands, view), LIMIT)
    sys.modules["__main__"] = main = ModuleType("__main__")
    anchors = objects.NamespaceAnchors(vars(main), {"live list": LIVE})
    loaded = objects.load(stream, buffers, anchors)
    vars(main).update(loaded.root["namespace"])
    vars(main)["items"] = loaded.root["items"]
    finish_restore()
    for action in loaded.deferred:
        action()
    return len(stream)


LIVE = ["lives in the worker"]


def fill(source: BinaryIO, view: memoryview) -> None:
    while view:
        count = source.readinto(view)  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        view = view[count:]


if __name__ == "__main__":
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr
    threading.current_thread().name = "worker"
    contextvars.copy_context().run(serve, sys.stdin.buffer, answers)
