"""Moves a namespace into another process, for the tests of ``objects``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

from pyteleport_jupyter import objects

ROOT = Path(__file__).parent.parent
LIVE = ["lives here"]


class Far:
    """The other process. ``far(code)`` is the repr of an expression there."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "objects_worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"},
        )

    def load(self, pickled: objects.Pickled) -> int:
        self._write(b'{"do": "load"}\n', *objects.chunks.slices(pickled))
        return int(self._answer())

    def __call__(self, code: str) -> str:
        self._write(json.dumps({"do": "ask", "code": code}).encode() + b"\n")
        return str(self._answer())

    def _write(self, *parts: bytes | memoryview) -> None:
        assert self.process.stdin is not None
        for part in parts:
            self.process.stdin.write(part)
        self.process.stdin.flush()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise AssertionError(f"{answer['error']}: {answer['text']}")
        return answer["value"]

    def close(self) -> None:
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()


def main_of(source: str) -> dict[str, Any]:
    """The namespace in which ``source`` has run as a notebook's."""
    main = ModuleType("__main__")
    sys.modules["__main__"] = main
    source = textwrap.dedent(source).strip()
    exec(compile(source, "<cell>", "exec", dont_inherit=True), vars(main))
    return vars(main)


def session_of(namespace: dict[str, Any], **items: Any) -> dict[str, Any]:
    travelling = {name: value for name, value in namespace.items() if not name.startswith("__")}
    return {"stack": None, "namespace": travelling, "items": items}


def pickled_of(source: str, **items: Any) -> objects.Pickled:
    namespace = main_of(source)
    anchors = objects.NamespaceAnchors(namespace, {"live list": LIVE})
    return objects.dump(session_of(namespace, **items), anchors, {})
