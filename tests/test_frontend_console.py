"""``jupyter console`` in a terminal on one host, while its kernel moves to another."""

from __future__ import annotations

import contextlib
import itertools
import re
import subprocess
from collections.abc import Callable, Iterator

import pytest
from frontends import AFTER, ARRIVED, LOOP, ROWS, SETUP, eventually, hosts_by_row, pids_by_host
from lab import Host, Lab

SECONDS = 60.0
SOCKETS = itertools.count()


class Console:
    """A jupyter console in a terminal of the host."""

    def __init__(self, lab: Lab, host: Host) -> None:
        """Start it and wait for its first prompt."""
        self._lab, self._host = lab, host
        self._socket = f"/tmp/console{next(SOCKETS)}"
        program = f"{host.python} -m jupyter_console"
        # The shell behind it shows how it ended.
        self._tmux("new-session", "-d", "-x", "110", "-y", "60", f"{program}; echo ended $?; exec cat")
        self.wait_for(lambda screen: prompt(screen) == 1)

    def _tmux(self, *words: str) -> str:
        return self._lab.run_inside(
            self._host, ["tmux", "-u", "-S", self._socket, "-f", "/dev/null", *words]
        ).stdout

    def screen(self) -> str:
        """All that the terminal has shown."""
        return self._tmux("capture-pane", "-p", "-S", "-1000").rstrip("\n")

    def wait_for(self, shown: Callable[[str], object]) -> str:
        """The screen once it is as ``shown`` wants it."""
        wanted = eventually(lambda: screen if shown(screen := self.screen()) else None, SECONDS)
        assert wanted, self.screen()
        return str(wanted)

    def type(self, text: str) -> None:
        """Paste as a person does, and press Enter."""
        self._tmux("set-buffer", "--", text)
        self._tmux("paste-buffer", "-p")
        self.press("Enter")

    def press(self, key: str) -> None:
        """Press a key, by tmux's name for it."""
        self._tmux("send-keys", key)

    def run(self, code: str) -> str:
        """Type a cell and wait for the next prompt; what the terminal showed in between."""
        before = self.screen()
        number = prompt(before)
        self.type(code)
        screen = self.wait_for(lambda screen: prompt(screen) == number + 1)
        return screen[screen.rindex(f"In [{number}]: ") : screen.rindex(f"In [{number + 1}]:")]

    def close(self) -> None:
        """Take the terminal away, with whatever runs in it."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._tmux("kill-server")
        self._host.outside(self._socket).unlink(missing_ok=True)


def prompt(screen: str) -> int:
    """The number of the prompt that waits for input in the last line, 0 if none does."""
    waiting = re.search(r"^In \[(\d+)\]: *$", screen.splitlines()[-1]) if screen else None
    return int(waiting[1]) if waiting else 0


@pytest.fixture
def console(lab: Lab, host_a: Host, host_b: Host, leak_check: None) -> Iterator[Console]:
    """A console on host A; afterwards nothing is left on either host."""
    lab.need_own_systems()
    console = Console(lab, host_a)
    yield console
    console.close()


def talk(console: Console, target: str) -> str:
    """A session in which the second cell teleports to ``target``; what the terminal showed, from In [1] on."""
    console.run(f"{SETUP}\nwhere()[0]")
    console.run(LOOP.replace("cartesius", target))
    console.run(AFTER)
    console.type("print('hello', input('name? '))")
    console.wait_for(lambda screen: screen.endswith("name?"))
    console.type("ada")
    console.wait_for(lambda screen: prompt(screen) == 5)
    console.type("import time; print('begun', flush=True); time.sleep(600)")
    console.wait_for(lambda screen: "\nbegun" in screen)
    console.press("C-c")
    console.wait_for(lambda screen: prompt(screen) == 6)
    console.run("where()[0]")
    console.type("exit")
    screen = console.wait_for(lambda screen: "ended" in screen)
    # The first prompt is drawn again once the terminal has said where its cursor is.
    return screen[screen.rindex("In [1]: ") :]


def without_places(screen: str) -> str:
    """Host names, pids, and what is said about the move, taken out."""
    screen = re.sub(
        r"^(teleporting to|teleported to|this session runs on) .*\n", "", screen, flags=re.MULTILINE
    )
    screen = re.sub(r"'(workbench|cartesius)'(, \d+)?", "HERE", screen)
    return re.sub(r"%teleport.*", "%teleport", screen)


def test_a_session_that_moves_looks_like_one_that_stays(console: Console, lab: Lab, host_a: Host) -> None:
    moved = talk(console, "cartesius")
    assert hosts_by_row(moved) == ROWS
    there = pids_by_host(moved)["cartesius"]
    assert f"Out[3]: (('cartesius', {there}), np.float64(15.0), 4)" in moved
    assert len(ARRIVED.findall(moved)) == 1, "the line of progress is not updated there, so its end is said"
    assert moved.index("teleported to") < moved.index("('cartesius'")
    assert "KeyboardInterrupt" in moved
    assert moved.endswith("ended 0")
    with contextlib.closing(Console(lab, host_a)) as other:
        stayed = talk(other, "")
    assert {host for _, host in hosts_by_row(stayed)} == {"workbench"}
    assert without_places(moved) == without_places(stayed)


def test_a_closed_terminal_takes_both_kernels_with_it(console: Console, host_a: Host, host_b: Host) -> None:
    assert "'cartesius'" in console.run(
        "%load_ext pyteleport_jupyter\n%teleport cartesius\nimport socket; socket.gethostname()"
    )
    assert host_b.processes()
    console.close()
    assert eventually(lambda: not host_b.processes())
    # A kernel whose manager has died leaves its connection file, moved or not.
    for path in host_a.outside(f"{host_a.home}/.local/share/jupyter/runtime").glob("kernel-*.json"):
        path.unlink()
