"""``pyteleport demo``: run the quickstart notebook with a teleport in the middle of a loop, and show what
happened.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from pyteleport_jupyter.demo.ephemeral import CONFIG_VARIABLE, EphemeralHost, ephemeral_host
from pyteleport_jupyter.demo.remains import processes_at_home

ALIAS = "cartesius"
"""The host's name in the notebook."""

CELL_SECONDS = 120
"""Longest a cell may take."""

CLEANING_SECONDS = 10.0
"""How long the far side may take to be gone after the kernel was shut down."""

NOTEBOOK = Path(__file__).with_name("quickstart.ipynb")
"""In a checkout a link to notebooks/quickstart.ipynb, in an installed package the file itself."""

ROW = re.compile(r"^(\d+) \('(.*)', (\d+)\)$", re.MULTILINE)
"""What the loop of the notebook prints: counter, host, process id."""

MOVE_AT = 3
"""The first row that must come from elsewhere."""
ROWS = 6


class Journal:
    """Prints what happens, each line with the seconds since the running cell began."""

    def __init__(self, write: Callable[[str], object] = print) -> None:
        self._write = write
        self._start = time.monotonic()
        self._stages = ""

    def say(self, text: str = "") -> None:
        """A line that is not about a cell."""
        self._write(text)

    def begin(self, cell: NotebookNode) -> None:
        """A cell starts: show its source, set the clock to zero."""
        source = "\n".join(f"    {line}" for line in cell["source"].splitlines())
        self.say(f"\n{source}\n")
        self._start = time.monotonic()

    def event(self, mark: str, text: str) -> None:
        """Something the running cell showed."""
        for line in text.splitlines():
            self.say(f"{time.monotonic() - self._start:7.2f} s {mark} {line}")

    def progress(self, text: str) -> None:
        """The teleport's own line. It is updated ten times a second: print it when a stage has ended."""
        stages = text.rpartition(" · ")[0]
        if stages != self._stages or not text.endswith("…"):
            self.event("~", text)
        self._stages = stages

    def message(self, message: dict[str, Any]) -> None:
        """A message of the kernel about the running cell (jupyter_client's messaging specification)."""
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                self.event("|", content["text"])
            case "execute_result":
                self.event("=", content["data"]["text/plain"])
            case "error":
                self.event("!", f"{content['ename']}: {content['evalue']}")
            case "display_data" | "update_display_data":
                show = self.progress if "pyteleport" in content["metadata"] else self.other_display
                show(content["data"].get("text/plain", ""))

    def other_display(self, text: str) -> None:
        """Anything else a cell displays."""
        self.event("*", text)


class WatchedClient(NotebookClient):
    """nbclient's ordinary client, which also tells a journal."""

    journal: Journal

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        self.journal.message(msg)
        return super().process_message(msg, cell, cell_index)


@dataclass(frozen=True)
class Verdict:
    """What the outputs of the notebook prove."""

    here: frozenset[int]
    """Process ids that printed the rows before the move."""
    there: frozenset[int]
    """Process ids that printed the rows after it, and the cell after that."""
    problems: tuple[str, ...] = field(default=())


def judge(notebook: NotebookNode) -> Verdict:
    """Read the executed notebook. No problems: the loop began in one process and ended in another."""
    printed = "".join(text_of(cell) for cell in notebook["cells"] if cell["cell_type"] == "code")
    rows = [(int(number), int(pid)) for number, _host, pid in ROW.findall(printed)]
    here = frozenset(pid for number, pid in rows if number < MOVE_AT)
    there = frozenset(pid for number, pid in rows if number >= MOVE_AT)
    problems = []
    if [number for number, _ in rows] != list(range(ROWS)):
        problems.append(f"rows 0 to {ROWS - 1} were expected, once each: {[number for number, _ in rows]}")
    if len(here) != 1 or len(there) != 1 or here == there:
        problems.append(
            f"rows 0-2 came from {sorted(here)}, rows 3-5 from {sorted(there)}: not one and another"
        )
    if not all(f", {pid})," in text_of(notebook["cells"][-1]) for pid in there):
        problems.append("the last cell did not run where the loop ended")
    return Verdict(here, there, tuple(problems))


def text_of(cell: NotebookNode) -> str:
    """Everything a cell printed, and its result."""
    outputs = cell.get("outputs", [])
    printed = "".join(output["text"] for output in outputs if output["output_type"] == "stream")
    results = [
        output["data"]["text/plain"] for output in outputs if output["output_type"] == "execute_result"
    ]
    return printed + "\n".join(results)


def execute(notebook: NotebookNode, journal: Journal) -> str | None:
    """Run all cells; returns None, or the sentence that a cell failed with."""
    client = WatchedClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=40"],
        on_cell_execute=lambda cell, cell_index: journal.begin(cell) if cell["cell_type"] == "code" else None,
    )
    client.journal = journal
    try:
        client.execute()
    except CellExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    except (TimeoutError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def wait_for_cleanness(host: EphemeralHost) -> list[str]:
    """What still runs on the host some seconds after the notebook's kernel was shut down."""
    deadline = time.monotonic() + CLEANING_SECONDS
    while (left := processes_at_home(host.home)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def report(journal: Journal, verdict: Verdict, left: list[str], seconds: float) -> int:
    """The last lines; returns the exit status."""
    names = {"here": verdict.here, "there": verdict.there}
    journal.say()
    for name, pids in names.items():
        journal.say(f"{name + ':':<7}process {', '.join(map(str, sorted(pids))) or '?'}")
    problems = [*verdict.problems, *(f"left behind on {ALIAS}: {line}" for line in left)]
    for problem in problems:
        journal.say(f"FAILED: {problem}")
    if not problems:
        journal.say(f"The loop began here and ended there; nothing is left there. {seconds:.1f} s in all.")
    return 1 if problems else 0


def main() -> int:
    """Run the demo; returns the exit status: 0 only if rows 3-5 came from another process and nothing is
    left.
    """
    journal = Journal()
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    started = time.monotonic()
    with ephemeral_host(ALIAS) as host:
        os.environ[CONFIG_VARIABLE] = str(host.ssh_config)
        journal.say(f"{ALIAS} is an ssh server on 127.0.0.1:{host.port} with HOME {host.home}")
        journal.say(f"running {NOTEBOOK.resolve()} with Python {sys.version.split()[0]}")
        failure = execute(notebook, journal)
        left = wait_for_cleanness(host)
    if failure is not None:
        journal.say(f"\nFAILED: {failure}")
        return 1
    return report(journal, judge(notebook), left, time.monotonic() - started)
