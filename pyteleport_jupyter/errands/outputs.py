"""What a cell there prints and shows, in the cell here that asked for it."""

from __future__ import annotations

import json
import sys
from typing import Any, Protocol

SHOWN = frozenset({"stream", "display_data", "update_display_data", "execute_result", "clear_output"})
"""Types of messages that are output. Errors are raised here, states and inputs are the kernel's own."""


NO_MORE_INPUT = "\x04"
"""What ipykernel takes for the end of the input."""


class Outputs(Protocol):
    """Where the outputs of an errand go."""

    def show(self, kind: str, message: dict[str, Any]) -> None:
        """Show one message of a type in SHOWN, or of a widget (``comm_open``, ``comm_msg``,
        ``comm_close``)."""

    def finish(self) -> None:
        """Nothing more will come."""


class NoOutputs:
    """Nothing is shown."""

    def show(self, kind: str, message: dict[str, Any]) -> None: ...

    def finish(self) -> None: ...


class CellOutputs:
    """Through the streams and the publisher that the running cell has, so that ``%%capture`` has them too."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._straight = ParentOutputs(shell.kernel, parent_of(shell.kernel))

    def show(self, kind: str, message: dict[str, Any]) -> None:
        content = message["content"]
        if kind == "stream":
            (sys.stderr if content.get("name") == "stderr" else sys.stdout).write(
                str(content.get("text", ""))
            )
        elif kind in ("display_data", "update_display_data"):
            self._shell.display_pub.publish(
                content.get("data", {}),
                content.get("metadata", {}),
                transient=content.get("transient", {}),
                update=kind == "update_display_data",
            )
        elif kind == "clear_output":
            self._shell.display_pub.clear_output(bool(content.get("wait")))
        else:
            sys.stdout.flush()
            sys.stderr.flush()
            self._straight.show(kind, message)

    def finish(self) -> None:
        """See :class:`Outputs`."""


class ParentOutputs:
    """Straight to the front ends, as output of the cell with the header ``parent``, whatever runs now.

    ``label`` is put before each piece of text.
    """

    def __init__(self, kernel: Any, parent: dict[str, Any], label: str = "") -> None:
        self._kernel = kernel
        self._parent = parent
        self._label = label
        self._at_start = {"stdout": True, "stderr": True}

    def show(self, kind: str, message: dict[str, Any]) -> None:
        content = message["content"]
        if kind == "stream" and self._label:
            content = {**content, "text": self._labelled(content)}
        buffers = message.get("buffers") or None
        self.send(kind, content, message.get("metadata"), buffers)

    def finish(self) -> None:
        """See :class:`Outputs`."""

    def send(self, kind: str, content: dict[str, Any], metadata: Any = None, buffers: Any = None) -> None:
        """Publish one message."""
        self._kernel.session.send(
            self._kernel.iopub_socket,
            kind,
            content,
            parent={"header": self._parent},
            ident=self._kernel._topic(kind),
            metadata=metadata,
            buffers=buffers,
        )

    def _labelled(self, content: dict[str, Any]) -> str:
        name, text = str(content.get("name")), str(content.get("text", ""))
        lines = text.splitlines(keepends=True)
        labelled = [
            f"[{self._label}] {line}" if number or self._at_start.get(name, True) else line
            for number, line in enumerate(lines)
        ]
        if lines:
            self._at_start[name] = lines[-1].endswith(("\n", "\r"))
        return "".join(labelled)


def parent_of(kernel: Any) -> dict[str, Any]:
    """The header of the request that runs now, as plain data."""
    header = kernel.get_parent("shell").get("header", {})
    plain: dict[str, Any] = json.loads(json.dumps(header, default=str))
    return plain
