"""Sessions as a user has them: detached in the midst of a cell, found again, taken up, taken away, ended."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from terminal_screens import terminal

LOAD = "%load_ext pyteleport_jupyter"


class Notebook:
    """A kernel with a client that shows what a notebook would show."""

    def __init__(self, state: Path) -> None:
        self.manager = KernelManager(kernel_name="python3")

        self.manager.start_kernel(env={**os.environ, "XDG_STATE_HOME": str(state)})
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        assert self.run(LOAD) == ""

    def run(self, code: str) -> str:
        shown: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            kind = message["header"]["msg_type"]
            if kind == "stream":
                shown.append(content["text"])
            elif kind in ("execute_result", "display_data", "update_display_data"):
                shown.append(content["data"]["text/plain"] + "\n")
            elif kind == "error":
                shown.append(f"{content['ename']}: {content['evalue']}\n")

        self.client.execute_interactive(code, timeout=60, output_hook=hear, allow_stdin=False)
        return "".join(shown)

    def run_fresh(self, code: str) -> str:
        """As soon as this kernel is a new one, as after a restart."""
        self.client.wait_for_ready(timeout=60)
        return self.run(code)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def notebooks(tmp_path: Path) -> Iterator[list[Notebook]]:
    found: list[Notebook] = []
    try:
        found += (Notebook(tmp_path / "state") for _ in range(2))
        yield found
    finally:
        for notebook in found:
            notebook.close()


def test_a_session_survives_its_notebook(notebooks: list[Notebook], tmp_path: Path) -> None:
    first, second = notebooks
    assert "this session runs on" in first.run("%teleport")
    go_on = tmp_path / "go on"
    first.run("x = 41\n%teleport --lease 2m local")
    where = first.run("%teleport")
    assert "linked" in where
    assert "ms there and back" in where
    assert "of memory" in where
    name = re.search(r"session (\w+)\n", where)[1]  # type: ignore[index]
    for host in ("", "nowhere.invalid/"):
        refused = first.run(f"%teleport kill {host}{name}")
        assert refused.startswith(f"OwnSession: Session {name} is the one that you are in.")

    said = first.run(
        f"import os, time\nprint('before')\n%teleport detach\nprint('after')\n"
        f"while not os.path.exists({str(go_on)!r}): time.sleep(0.05)\nx += 1\nprint('done', x)"
    )
    assert "detached: the session goes on" in said
    assert f"%teleport attach {name} takes it up again. This kernel is fresh." in said
    assert "after" not in said
    assert first.run_fresh("'x' in globals()") == "False\n"
    row = next(line for line in first.run("%teleport list").splitlines() if name in line)
    assert "busy for" in row
    assert "no link, ends in" in row
    assert "local" in row

    second.run("mine = 1")
    refused = second.run(f"%teleport attach {name}")
    assert refused.startswith("VariablesInTheWay")
    assert "mine" in refused
    go_on.touch()
    shown = second.run(f"%teleport attach --discard {name}")
    assert "after\n" in shown
    assert "done 42\n" in shown
    assert second.run("x") == "42\n"

    assert "here from now on" in first.run(f"%teleport attach {name}")
    assert first.run("x") == "42\n"
    assert second.run_fresh("'x' in globals()") == "False\n"

    prompt = re.compile(r"\nIn \[\d+\]:$")
    attach = (sys.executable, "-m", "pyteleport_jupyter.command_line", "attach", name)
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "TERM": "xterm"}
    environment.pop("TMUX", None)
    with terminal(tmp_path, environment, *attach) as console:
        console.wait_for(prompt.search)
        assert first.run_fresh("'x' in globals()") == "False\n"
        assert "here from now on" in first.run(f"%teleport attach {name}")
        screen = console.wait_for(lambda screen: screen.endswith("icanon"))
        assert screen.endswith(
            f"session {name} on local was taken up elsewhere, and goes on there\nended 75\n icanon"
        )
    with terminal(tmp_path, environment, *attach) as console:
        console.wait_for(prompt.search)
        console.paste("%teleport detach")
        screen = console.wait_for(lambda screen: screen.endswith("icanon"))
        assert screen.endswith(f"; pyteleport attach {name} takes it up again\nended 0\n icanon")
        assert "is fresh" not in screen

    assert f"session {name} on local is ended" in second.run(f"%teleport kill {name}")
    assert name not in second.run("%teleport list")
    assert second.run(f"%teleport attach {name}").startswith("SessionUnknown")


def test_detaching_at_home_says_so(notebooks: list[Notebook]) -> None:
    assert "nothing to detach" in notebooks[0].run("%teleport detach")
    before = time.monotonic()
    assert "no session of yours" in notebooks[0].run("%teleport list")
    assert time.monotonic() - before < 30
