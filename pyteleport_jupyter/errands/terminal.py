"""The front of an errand in a terminal: what a cell there prints is printed here, and ``Out[n]`` as here."""

from __future__ import annotations

import getpass
import sys
import threading
from collections.abc import Callable
from typing import Any

from pyteleport_jupyter.errands.outputs import NO_MORE_INPUT, Outputs
from pyteleport_jupyter.errands.report import Report, Stages
from pyteleport_jupyter.errands.talk import stops_raise
from pyteleport_jupyter.terminal_line import TerminalLine

LONGEST_LINE = 1 << 16
"""What comes beside other output is shown line by line; a longer line in pieces."""


class TerminalFront:
    """IPython's own terminal (implements ``front.Front``)."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def report(self, host: str, quiet: bool) -> Report:
        """See ``Front``."""
        return TerminalReport(host, quiet)

    def outputs(self, report: Report) -> Outputs:
        """See ``Front``."""
        return TerminalOutputs(self._shell, report)

    def beside(self, label: str) -> Outputs:
        """See ``Front``."""
        return LinesBeside(label)

    def ask(self, prompt: str, secret: bool) -> str:
        """See ``Front``."""
        with stops_raise():
            try:
                return getpass.getpass(prompt) if secret else input(prompt)
            except EOFError:
                return NO_MORE_INPUT

    def between_cells(self, call: Callable[[], object]) -> None:
        """At the prompt if it waits, else before the next cell; ``call`` may be called more than once."""

        def before_cell(*_: object) -> None:
            self._shell.events.unregister("pre_run_cell", before_cell)
            call()

        self._shell.events.register("pre_run_cell", before_cell)
        prompt: Any = getattr(getattr(self._shell, "pt_app", None), "app", None)
        if prompt is None:
            return
        # In this order: where it does not run yet, it has still to look at the list.
        prompt.pre_run_callables.append(call)
        if prompt.is_running and prompt.loop is not None:
            prompt.loop.call_soon_threadsafe(call)


class TerminalReport:
    """A line while the kernel there is started, and one at the end (implements ``report.Report``)."""

    def __init__(self, host: str, quiet: bool) -> None:
        self.host = host
        self._quiet = quiet
        self._line = TerminalLine()
        self._stages = Stages()

    def stage(self, name: str) -> None:
        """See ``Report``."""
        self.say(f"running on {self.host}: {self._stages.begin(name)} …")

    def failed(self, ran: bool = False) -> None:
        """See ``Report``."""
        self.clear()

    def say(self, text: str, facts: dict[str, Any] | None = None) -> None:
        """See ``Report``."""
        if self._quiet:
            return
        if facts is None:
            self._line.show(text)
        else:
            self.clear()
            print(text, flush=True)

    def clear(self) -> None:
        """The line is gone: something else is to be shown."""
        self._line.clear()


class TerminalOutputs:
    """Through the streams and the display hook of the running cell."""

    def __init__(self, shell: Any, report: Any) -> None:
        self._shell = shell
        self._report = report

    def show(self, kind: str, message: dict[str, Any]) -> None:
        """See ``Outputs``."""
        self._report.clear()
        content = message["content"]
        if kind == "stream":
            stream = sys.stderr if content.get("name") == "stderr" else sys.stdout
            stream.write(str(content.get("text", "")))
            stream.flush()
        elif kind in ("display_data", "update_display_data"):
            data, metadata = content.get("data", {}), content.get("metadata", {})
            self._shell.display_pub.publish(data, metadata)
        elif kind == "clear_output":
            self._shell.display_pub.clear_output(bool(content.get("wait")))
        elif kind == "execute_result":
            self._show_result(content)

    def finish(self) -> None:
        """See ``Outputs``."""

    def _show_result(self, content: dict[str, Any]) -> None:
        hook = self._shell.displayhook
        hook.write_output_prompt()
        hook.write_format_data(content.get("data", {}), content.get("metadata", {}))
        hook.finish_displayhook()


class LinesBeside:
    """Whole lines, each behind a label, from any thread."""

    def __init__(self, label: str) -> None:
        self._label = f"[{label}] " if label else ""
        self._begun: dict[str, str] = {}
        self._lock = threading.Lock()

    def show(self, kind: str, message: dict[str, Any]) -> None:
        """See ``Outputs``."""
        content = message["content"]
        if kind == "stream":
            self.write(str(content.get("name")), str(content.get("text", "")))
        elif "text/plain" in (content.get("data") or {}):
            self.write("stdout", f"{content['data']['text/plain']}\n")

    def write(self, name: str, text: str) -> None:
        """``text`` on the stream ``name``; a line that has no end yet waits for it."""
        with self._lock:
            *lines, rest = (self._begun.pop(name, "") + text).split("\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], ""
            if rest:
                self._begun[name] = rest
            if lines:
                stream = sys.stderr if name == "stderr" else sys.stdout
                stream.write("".join(f"{self._label}{_as_seen(line)}\n" for line in lines))
                stream.flush()

    def finish(self) -> None:
        """See ``Outputs``."""
        for name in list(self._begun):
            self.write(name, "\n")


def _as_seen(line: str) -> str:
    """What is left of a line that was written over, as bars of progress are."""
    return line.rstrip("\r").rpartition("\r")[2]
