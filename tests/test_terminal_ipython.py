"""IPython in a terminal: it goes on elsewhere, at the same prompt, and comes home."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest
from frontends import eventually
from script_runs import Scripts, scripts  # noqa: F401
from terminal_screens import Terminal, terminal

from pyteleport_jupyter.remote.kept_package import cache_folder

IPYTHON = (sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor")
SETUP = "%load_ext pyteleport_jupyter\nimport os, asyncio\nfrom pyteleport_jupyter import teleport"

pytestmark = pytest.mark.timeout(300)

Start = Callable[..., Terminal]


@pytest.fixture
def start(scripts: Scripts) -> Iterator[Start]:
    """Starts a program in a terminal; afterwards nothing is left of it."""
    scripts.environment.pop("PYTHONWARNINGS")
    # A pager would wait for a key, and whether one is used depends on how much there is to be shown.
    scripts.environment |= {"HOME": str(scripts.folder), "TERM": "xterm", "PAGER": "cat"}
    # What is sent is packed once for all of them.
    scripts.environment["XDG_CACHE_HOME"] = str(Path(cache_folder()).parent)
    scripts.environment.pop("TMUX", None)
    with ExitStack() as terminals:
        yield lambda *argv: terminals.enter_context(
            terminal(scripts.folder, scripts.environment, *(argv or IPYTHON))
        )


HOST = socket.gethostname()

THERE_AND_BACK = f"""\
In [2]: 40 + 2
Out[2]: 42
In [3]: for i in range(4):
   ...:     if i == 2:
   ...:         %teleport local
   ...:     print(i, os.getpid() != first, x is y, _2)
   ...: i
0 False True 42
1 False True 42
teleported to a process on {HOST} (...)
2 True True 42
3 True True 42
Out[3]: 3
In [4]: 1 / 0
---------------------------------------------------------------------------
ZeroDivisionError                         Traceback (most recent call last)
Cell In[4], line 1
----> 1 1 / 0
ZeroDivisionError: division by zero
In [5]: await asyncio.sleep(0.01)
   ...: teleport('home')
   ...: await asyncio.sleep(0.01)
   ...: os.getpid() == first, x is y, Out[3], In[4]
home again on {HOST} (...)
Out[5]: (True, True, 3, '1 / 0')
In [6]:"""


def test_a_cell_goes_on_there_at_the_same_prompt_and_comes_home(start: Start, scripts: Scripts) -> None:
    ipython = start()
    ipython.run(
        1,
        f"{SETUP}\nfirst = os.getpid(); x = y = []",
        "40 + 2",
        "for i in range(4):\n    if i == 2:\n        %teleport local\n"
        "    print(i, os.getpid() != first, x is y, _2)\ni",
        "1 / 0",
        "await asyncio.sleep(0.01)\nteleport('home')\nawait asyncio.sleep(0.01)\n"
        "os.getpid() == first, x is y, Out[3], In[4]",
    )
    assert ipython.from_cell(2) == THERE_AND_BACK
    ipython.run(6, "teleport('local')", "'typed there'")
    ipython.paste("exit")
    ipython.wait_for(lambda screen: screen.endswith("ended 0\n icanon"))
    with closing(sqlite3.connect(scripts.folder / ".ipython/profile_default/history.sqlite")) as database:
        rows = list(database.execute("SELECT session, line, source_raw FROM history ORDER BY line"))
    assert [row[:2] for row in rows] == [(1, number) for number in range(1, 9)]
    assert (rows[3][2], rows[6][2]) == ("1 / 0", "'typed there'")


@pytest.mark.nightly
def test_the_prompt_there_has_all_its_keys(start: Start) -> None:
    earlier = start()
    earlier.run(1, "'of an earlier session'")
    earlier.close()
    ipython = start()
    ipython.run(1, SETUP, "def f(a):\n    return a / 0\n", "%teleport local")
    ipython.type("os.getpg")
    ipython.press("Tab")
    ipython.wait_for_text("getpgid()")
    ipython.press("C-c")
    ipython.press("C-r")
    ipython.type("earlier")
    ipython.wait_for_text("In [4]: 'of an earlier session'")
    ipython.press("C-g", "C-c")
    ipython.wait_for_prompt(4)
    ipython.paste("f(3)")
    ipython.wait_for_prompt(5)
    ipython.paste("%debug")
    ipython.wait_for(lambda screen: screen.endswith("ipdb>"))
    ipython.paste("p a + 39")
    ipython.wait_for_text("\n42\n")
    ipython.paste("q")
    ipython.wait_for_prompt(6)
    ipython.paste("import time; print('wa' + 'iting'); time.sleep(600)")
    ipython.wait_for_text("\nwaiting")
    ipython.press("C-c")
    assert "KeyboardInterrupt" in ipython.wait_for_prompt(7)
    ipython.tmux("resize-window", "-x", "87", "-y", "43")
    ipython.paste("tuple(os.get_terminal_size())")
    assert "Out[7]: (87, 43)" in ipython.wait_for_prompt(8)
    ipython.paste("exit()")
    ipython.wait_for(lambda screen: screen.endswith("ended 0\n icanon"))


SIGNALLED = """\
signal.signal(signal.SIGUSR1, lambda number, frame: request_teleport('local'))
for i in range(4):
    if i == 2:
        os.kill(os.getpid(), signal.SIGUSR1)
    print(i, first)
os.getpid() != first"""
ASKED_AT_THE_PROMPT = """\
def ask():
    request_teleport('home')
    print('now it is as' + 'ked')
threading.Timer(0.5, ask).start()"""


@pytest.mark.nightly
def test_who_asks_for_a_move_gets_it_in_the_cell_that_runs_or_the_next_one(start: Start) -> None:
    ipython = start()
    asking = "import signal, threading\nfrom pyteleport_jupyter import request_teleport"
    ipython.run(1, f"{SETUP}\n{asking}\nfirst = os.getpid()", SIGNALLED, ASKED_AT_THE_PROMPT)
    assert "Out[2]: True" in ipython.wait_for_text("now it is asked")
    ipython.run(4, "1 + 1\nos.getpid() == first")
    assert "Out[4]: True" in ipython.screen()


def test_a_move_that_fails_or_is_stopped_leaves_the_prompt_as_it_was(start: Start) -> None:
    ipython = start()
    ipython.run(
        1, SETUP, "%teleport 'cmd:false'", "import socket; s = socket.socket()", "%teleport local", "del s"
    )
    ipython.paste("%teleport \"cmd:sh -c 'sleep 600'\"")
    ipython.wait_for_text("teleporting to sh")
    ipython.press("C-c")
    assert "MoveCancelled: " in ipython.wait_for_prompt(7)
    ipython.run(7, "7 * 6")
    shown = ipython.from_cell(2)
    for sentence in ("ShellFailed: ", "ObjectsRefused: ", "The session goes on here", "Out[7]: 42"):
        assert sentence in shown
    assert "Traceback" not in shown
    assert "teleporting to" not in shown


@pytest.mark.parametrize("victim", [pytest.param("there", marks=pytest.mark.nightly), "here"])
def test_who_is_killed_leaves_a_sane_terminal(victim: str, start: Start, scripts: Scripts) -> None:
    ipython = start()
    ipython.run(1, SETUP, "here = os.getpid()", "%teleport local --lease 1")
    ipython.run(4, "open('pids', 'w').write(f'{here} {os.getpid()}')")
    here, there = map(int, (scripts.folder / "pids").read_text().split())
    os.kill(there if victim == "there" else here, signal.SIGKILL)
    ipython.wait_for_text("type: reset")
    screen = ipython.wait_for(lambda screen: " icanon" in screen)
    assert "was ended by SIGKILL" in screen if victim == "there" else "ends by itself in 1 s" in screen
    assert "ended 137" in screen


CELLS_ELSEWHERE = """\
In [2]: %%teleport local
   ...: values.append(os.getpid() != first)
   ...: print('there', values)
   ...: len(values)
there [1, True]
Out[2]: 2
sent 3 names, N B, ran N s on a process on HOST, came back: 1 name, N B
In [3]: values, _
Out[3]: ([1, True], 2)
In [4]: %%teleport local
   ...: name = input('name? ')
   ...: print('wait' + 'ing')
   ...: time.sleep(600)
name? Ada
waiting
^Csent 1 name, N B, ran N s on a process on HOST, came back: 1 name, N B
KeyboardInterrupt                         Traceback (most recent call last)
Cell In[4], line 4
      2 name = input('name? ')
      3 print('wait' + 'ing')
----> 4 time.sleep(600)
KeyboardInterrupt:
In [5]: %%teleport local --bg --as handle
   ...: later = name
   ...: print('beside')
   ...: 7
beside
7
sent 1 name, N B, ran N s on a process on HOST, came back: 1 name, N B
In [6]: handle.result(), later
Out[6]: (7, 'Ada')
In [7]:"""


def test_cells_run_elsewhere_as_in_a_notebook(start: Start) -> None:
    ipython = start()
    ipython.run(1, f"{SETUP}\nimport time; values = [1]; first = os.getpid()")
    cells = [
        "".join(cell) for cell in re.findall(r"In \[[245]\]: (.*)((?:\n   \.\.\.: .*)*)", CELLS_ELSEWHERE)
    ]
    first, stopped, behind = (cell.replace("\n   ...: ", "\n") for cell in cells)
    ipython.run_magic(2, first)
    ipython.run(3, "values, _")
    ipython.paste(f"{stopped}\n")
    ipython.press("Enter")
    ipython.wait_for(lambda screen: screen.endswith("\nname?"))
    ipython.type("Ada")
    ipython.press("Enter")
    ipython.wait_for_text("\nwaiting")
    ipython.press("C-c")
    ipython.run_magic(5, behind)
    # What has come back is put in place while the prompt waits.
    ipython.wait_for(lambda screen: screen.count("came back: 1 name") == 3 and screen.endswith("In [6]:"))
    ipython.run(6, "handle.result(), later")
    shown = re.sub(r"\b[\d.]+ (k?B|s)\b", lambda found: f"N {found[1][-1]}", ipython.from_cell(2))
    shown = re.sub(r"-{20,}\n", "", shown.replace(HOST, "HOST"))
    empty = re.compile(r" +\.\.\.:| +\d+|-+> \d+| +1 # %%teleport")
    assert "\n".join(line for line in shown.splitlines() if not empty.fullmatch(line)) == CELLS_ELSEWHERE
    ipython.run(7, "%teleport?")
    assert "--fork                a copy goes on there" in ipython.screen()
    ipython.paste("exit")
    ipython.wait_for(lambda screen: screen.endswith("ended 0\n icanon"))


def test_a_copy_goes_on_there_and_is_visited_from_here(start: Start) -> None:
    ipython = start()
    ipython.run(
        1,
        f"{SETUP}\nimport time; x = [1]; first = os.getpid()",
        "copy = %teleport --fork local\nx.append(2 if copy is None else 3)\nprint('I have', x)",
    )
    ipython.wait_for(lambda screen: f"\n[a process on {HOST}] I have [1, 2]\n" in screen)
    ipython.run(3, "copy.wait(60), x")
    assert "\nI have [1, 3]\n" in ipython.screen()
    assert "Out[3]: ('ok', [1, 3])" in ipython.screen()
    # There the prompt has come to cell 3 as well.
    ipython.paste("%teleport attach")
    ipython.wait_for(lambda screen: "here from now on" in screen and screen.endswith("\nIn [3]:"))
    ipython.run(3, "x, os.getpid() == first", "7")
    assert "Out[3]: ([1, 2], False)" in ipython.screen()
    ipython.paste("%teleport home")
    assert "HomeRefused: " in ipython.wait_for_prompt(6)
    ipython.paste("exit")
    ipython.run(5, "x, copy.status")
    assert "Out[5]: ([1, 3], 'let go')" in ipython.screen()


def test_a_session_that_was_let_go_of_is_ended_from_a_shell(start: Start, scripts: Scripts) -> None:
    ipython = start()
    ipython.run(1, SETUP, "%teleport local -q --lease 1h")
    ipython.paste("%teleport detach")
    screen = ipython.wait_for(lambda screen: screen.endswith("ended 0\n icanon"))
    name = re.search(r"pyteleport attach (\w+) takes it up again", screen)[1]  # type: ignore[index]

    def said(*words: str) -> str:
        command = [sys.executable, "-m", "pyteleport_jupyter.command_line", *words]
        asked = subprocess.run(
            command, env=scripts.environment, capture_output=True, text=True, timeout=90, check=False
        )
        return asked.stdout + asked.stderr

    assert f"{name}  local  IPython" in said("list")
    assert living(name)
    assert f"session {name} on local is ended" in said("kill", name)
    assert eventually(lambda: not living(name), 60)
    assert name not in said("list")
    assert said("kill", name).startswith("SessionUnknown")


def living(name: str) -> list[str]:
    """The processes of that session's supervisor and program."""
    commands = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    return [shlex.join(words) for words in commands if any(f"-{name}" in word for word in words)]


EMBEDDING = """\
import os
from IPython import embed

SETTINGS = {"colors": "NoColor", "display_banner": False, "exit_msg": "left"}

def average(values):
    total, first = sum(values), os.getpid()
    try:
        return total / len([])
    except ZeroDivisionError:
        embed(**SETTINGS)
        print("goes on", values, os.getpid() == first, len(others), flush=True)
        raise

others = []
average([1, 2])
"""

THERE_HOME_AND_THERE = f"""\
In [2]: others.append(total); mine = [v for v in values if total]
In [3]: %teleport local
teleported to a process on {HOST} (...)
In [4]: values.append(mine); (lambda: (total, others, os.getpid() == first))()
Out[4]: (3, [3], False)
In [5]: %teleport home
home again on {HOST} (...)
In [6]: values[-1] is mine, os.getpid() == first, In[4][:6], _4
Out[6]: (True, True, 'values', (3, [3], False))
In [7]: %teleport local
teleported to a process on {HOST} (...)
In [8]: exit
left
goes on [1, 2, [1, 2]] False 1
ZeroDivisionError                         Traceback (most recent call last)
average([1, 2])
return total / len([])
ZeroDivisionError: division by zero
ended 1
 icanon"""


def test_ipython_embedded_in_a_program_takes_the_program_along(start: Start, scripts: Scripts) -> None:
    (scripts.folder / "main.py").write_text(EMBEDDING)
    program = start(sys.executable, "main.py")
    cells = re.findall(r"^In \[\d\]: (.*)$", THERE_HOME_AND_THERE, re.M)
    program.run(1, "%load_ext pyteleport_jupyter", *cells[:-1])
    program.paste("exit")
    program.wait_for(lambda screen: screen.endswith("icanon"))
    shown = program.from_cell(2).splitlines()
    # Of the traceback, which frames it has.
    frames = [line.removeprefix("---> ").lstrip("-0123456789> ") for line in shown]
    for line in THERE_HOME_AND_THERE.splitlines():
        assert line in shown or line in frames, "\n".join(shown)


def test_where_the_prompt_cannot_go_a_sentence_says_so(start: Start, scripts: Scripts) -> None:
    (scripts.folder / "main.py").write_text("from pyteleport_jupyter import teleport\nteleport('local')")
    run = start(*IPYTHON, "main.py")
    assert "start it with python, or %run it" in run.wait_for_text("ended 1")


@pytest.mark.nightly
def test_a_program_that_ipython_runs_at_its_prompt_goes_on(start: Start, scripts: Scripts) -> None:
    program = "import os\nfirst = os.getpid()\nteleport('local')\nprint('moved', os.getpid() != first)\n"
    Path(scripts.folder / "main.py").write_text(f"from pyteleport_jupyter import teleport\n{program}")
    ipython = start()
    ipython.run(1, "%run main.py", "first != os.getpid()")
    assert "moved True" in ipython.screen()
    assert "Out[2]: True" in ipython.screen()
