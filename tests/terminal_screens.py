"""A program in a terminal of its own (tmux), its keys and its screen."""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

SECONDS = 90.0
SOCKETS = itertools.count()


class Terminal:
    """One tmux server with one window; behind the program its status and the terminal's mode are shown."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *argv: str) -> None:
        """Run ``argv`` in ``folder``."""
        self._socket = str(
            folder / f"tmux{next(SOCKETS)}"
        )  # a server that was just killed may still hold its own
        self._environment = dict(environment)
        after = "echo ended $?; stty -a | grep -o '.icanon'; exec cat"
        command = f"cd {shlex.quote(str(folder))}; {shlex.join(argv)}; {after}"
        self.tmux("new-session", "-d", "-x", "110", "-y", "60", command)

    def tmux(self, *words: str) -> str:
        """What tmux prints."""
        argv = ["tmux", "-u", "-S", self._socket, "-f", "/dev/null", *words]
        return subprocess.run(
            argv, env=self._environment, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    def screen(self) -> str:
        """All that was shown, without empty lines at its end."""
        return self.tmux("capture-pane", "-p", "-J", "-S", "-1000").rstrip()

    def close(self) -> None:
        """Take the terminal away, with whatever runs in it."""
        with suppress(subprocess.CalledProcessError):
            self.tmux("kill-server")

    def wait_for(self, shown: Callable[[str], object]) -> str:
        """The screen once it is as ``shown`` wants it."""
        deadline = time.monotonic() + SECONDS
        while not shown(screen := self.screen()):
            if time.monotonic() > deadline:
                raise AssertionError(screen)
            time.sleep(0.05)
        return screen

    def wait_for_text(self, text: str) -> str:
        """The screen once ``text`` is in it."""
        return self.wait_for(lambda screen: text in screen)

    def wait_for_prompt(self, number: int) -> str:
        """The screen once IPython waits for cell ``number``."""
        return self.wait_for(lambda screen: screen and screen.splitlines()[-1].rstrip() == f"In [{number}]:")

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names for them."""
        self.tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type text, character by character."""
        self.tmux("send-keys", "-l", "--", text)

    def paste(self, text: str) -> None:
        """Paste as a person does, and press Enter."""
        self.tmux("set-buffer", "--", text)
        self.tmux("paste-buffer", "-p")
        self.press("Enter")

    def run(self, number: int, *cells: str) -> int:
        """Paste one cell after the other, the first as cell ``number``; the number of the next one."""
        self.wait_for_prompt(number)
        for cell in cells:
            self.paste(cell)
            number += 1
            self.wait_for_prompt(number)
        return number

    def run_magic(self, number: int, cell: str) -> None:
        """As :meth:`run`, for one that begins with a cell magic: it ends with an empty line."""
        self.wait_for_prompt(number)
        self.paste(f"{cell}\n")
        self.press("Enter")
        self.wait_for_prompt(number + 1)

    def from_cell(self, number: int) -> str:
        """The screen from that cell on, with numbers that differ from run to run replaced."""
        screen = self.screen()
        shown = screen[screen.rindex(f"In [{number}]:") :]
        shown = re.sub(r"\(pid \d+(, Python [\d.]+)?\)( in [\d.]+ s)?", "(...)", shown)
        return "\n".join(line.rstrip() for line in shown.splitlines() if line.strip())


@contextmanager
def terminal(folder: Path, environment: Mapping[str, str], *argv: str) -> Iterator[Terminal]:
    """Within the block there is one."""
    made = Terminal(folder, environment, *argv)
    try:
        yield made
    finally:
        made.close()
