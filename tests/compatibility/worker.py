"""One side of a move: a process that makes, shows, changes, sends and receives objects.

Commands are JSON lines on stdin, answers JSON lines on stdout; a session follows its line, as pickled bytes.
"""

from __future__ import annotations

import contextlib
import json
import pickle
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

from pyteleport_jupyter import objects
from pyteleport_jupyter.errors import ObjectsRefused
from pyteleport_jupyter.frames import finish_restore
from pyteleport_jupyter.objects.anchors import live_objects
from pyteleport_jupyter.objects.verification import differences, digests


class Side:
    """The objects by name, in ``__main__``."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.main = ModuleType("__main__")
        sys.modules["__main__"] = self.main

    @property
    def objects(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self.main).items() if name.startswith("specimen")}

    def make(self, setup: str, codes: dict[str, str]) -> dict[str, str]:
        """Errors by name; what could not be made is not there."""
        self.reset()
        exec(setup, vars(self.main))
        return self._each(codes, self._make)

    def _make(self, name: str, code: str) -> str:
        space = vars(self.main)
        try:
            value = eval(compile(code, f"<{name}>", "eval"), space)
        except SyntaxError:
            exec(compile(code, f"<{name}>", "exec"), space)
            value = space.pop("x")
        space[name] = value
        return type(value).__name__

    def look(self, codes: dict[str, str]) -> dict[str, str]:
        return self._each(
            codes, lambda name, code: repr(eval(code, vars(self.main), {"x": vars(self.main)[name]}))
        )

    def change(self, codes: dict[str, str]) -> dict[str, str]:
        return self._each(codes, self._change)

    def _change(self, name: str, code: str) -> str:
        space = vars(self.main)
        space["x"] = space[name]
        exec(code, space)
        del space["x"]
        return ""

    def _each(self, codes: dict[str, str], do: Callable[[str, str], str]) -> dict[str, str]:
        results = {}
        for name, code in codes.items():
            try:
                results[name] = do(name, code)
            except BaseException as error:
                results[name] = (
                    f"!{type(error).__name__}: {error} ({traceback.extract_tb(error.__traceback__)[-1].line})"
                )
        return results

    def dump(self, names: list[str]) -> tuple[bytes, dict[str, str]]:
        """The session with these objects, and the reasons for those that stay, by name."""
        anchors = objects.NamespaceAnchors(vars(self.main))
        left: dict[str, str] = {}
        while True:
            space = {name: value for name, value in vars(self.main).items() if not name.startswith("__")}
            kept = {
                name: space[name]
                for name in space
                if not name.startswith("specimen") or (name in names and name not in left)
            }
            try:
                root = {
                    "stack": None,
                    "namespace": kept,
                    "items": {"seen": digests(kept, live_objects(anchors))},
                }
                pickled = objects.dump(root, anchors, {})
            except ObjectsRefused as refused:
                found = {row.name: row.reason for row in refused.refusals}  # type: ignore[attr-defined]
                if not found.keys() & kept.keys():
                    raise
                left |= found
                for name in found:
                    vars(self.main).pop(name, None)
                continue
            return pickle.dumps((pickled.stream, [bytes(buffer) for buffer in pickled.buffers])), left

    def load(self, data: bytes) -> None:
        stream, buffers = pickle.loads(data)
        self.reset()
        anchors = objects.NamespaceAnchors(vars(self.main))
        loaded = objects.load(stream, [bytearray(buffer) for buffer in buffers], anchors)
        vars(self.main).update(loaded.root["namespace"])
        if found := differences(loaded.root["items"]["seen"], vars(self.main), live_objects(anchors)):
            raise RuntimeError(f"said to be another one: {found}")
        finish_restore()
        for action in loaded.deferred:
            action()


def serve() -> None:
    """Obey until stdin ends."""
    side, answers = Side(), sys.stdout.buffer
    sys.stdout = sys.stderr
    for line in sys.stdin.buffer:
        command = json.loads(line)
        payload = b""
        try:
            with contextlib.redirect_stdout(sys.stderr):
                if "size" in command:
                    side.load(sys.stdin.buffer.read(command["size"]))
                    answer: dict[str, Any] = {"value": None}
                elif command["do"] == "dump":
                    payload, left = side.dump(command["names"])
                    answer = {"value": left, "size": len(payload)}
                else:
                    answer = {"value": getattr(side, command.pop("do"))(**command)}
        except BaseException as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer).encode() + b"\n" + payload)
        answers.flush()


if __name__ == "__main__":
    serve()
