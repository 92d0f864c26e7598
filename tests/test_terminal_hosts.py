"""IPython in a terminal on one host goes on on another, over real ssh: its keys, its screen, who takes it up."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from frontends import eventually
from lab import Host, Lab, LabKernel
from terminal_screens import Terminal, terminal

pytestmark = pytest.mark.timeout(400)

RECORD = Path(__file__).parents[1] / "notebooks" / "plain_ipython.txt"
SETUP = "%load_ext pyteleport_jupyter\nimport os, socket, time\nfrom pathlib import Path"
PYTELEPORT = "-m pyteleport_jupyter.command_line"

Open = Callable[..., Terminal]


@pytest.fixture
def shells(lab: Lab, host_a: Host, host_b: Host, leak_check: None, tmp_path: Path) -> Iterator[Open]:
    """``shells(command)``: a shell with job control in a terminal on host A, in which ``command`` is run."""
    lab.need_own_systems()
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("TMUX", None)
    with ExitStack() as stack:

        def start(command: str) -> Terminal:
            argv = host_a.command(["bash", "--norc"])
            shell = stack.enter_context(terminal(tmp_path, environment, *argv))
            shell.paste(f"PS1='$ '; export TERM=xterm-256color; alias python={host_a.python}; clear")
            shell.wait_for(lambda screen: screen == "$")
            shell.paste(command)
            return shell

        yield start


def at_shell(screen: str) -> bool:
    """Whether the shell waits for a command."""
    return screen.endswith("\n$")


def typed(record: str) -> list[tuple[int, str]]:
    """What the user typed: (prompt number, text), number 0 for the debugger's prompt."""
    steps: list[tuple[int, str]] = []
    for line in record.splitlines():
        if cell := re.fullmatch(r"In \[(\d+)\]: (.+)", line):
            steps.append((int(cell[1]), cell[2]))
        elif line.startswith("   ...:"):
            steps[-1] = (steps[-1][0], f"{steps[-1][1]}\n{line[8:]}")
        elif line.startswith("ipdb> "):
            steps.append((0, line[6:]))
    return steps


def comparable(record: str) -> str:
    """Without what differs from run to run: numbers of processes and files, versions, times, sizes."""
    record = re.sub(r"\(pid \d+(, Python [\d.]+)?\)( in [\d.]+ s)?", "(...)", record)
    record = re.sub(r"there for .*", "there for ...", record)
    return re.sub(r"<ipython-input-.*?>", "<ipython-input-N>", record)


def replay(ipython: Terminal, record: str) -> str:
    """The screen when all that was typed in ``record`` is typed again."""
    steps = typed(record)
    ipython.wait_for_prompt(1)
    for (_, text), (following, _) in zip(steps, [*steps[1:], (steps[-1][0] + 1, "")], strict=True):
        shown = ipython.screen().count("ipdb>")
        ipython.paste(text)
        if following:
            ipython.wait_for_prompt(following)
        else:
            # One more: the last one stands there until what was typed is shown.
            ipython.wait_for(lambda s, n=shown: s.endswith("ipdb>") and s.count("ipdb>") > n)  # type: ignore[misc]
    screen = ipython.screen()
    return "\n".join(line.rstrip() for line in screen[screen.index("In [1]:") :].splitlines()) + "\n"


def test_the_recorded_session_and_the_keys_of_its_prompt_there(shells: Open) -> None:
    ipython = shells("python -m IPython --no-banner")
    first, record = RECORD.read_text().split("\n", 1)
    shown = replay(ipython, record)
    if folder := os.environ.get("TELEPORT_KEEP_NOTEBOOKS"):
        (Path(folder) / RECORD.name).write_text(f"{first}\n{shown}")
    assert comparable(shown) == comparable(record)
    ipython.run(8, "import os, time\n%teleport cartesius\nmean([])")
    coloured = ipython.tmux("capture-pane", "-p", "-e")
    for shown_there in (r"Out\[", "ZeroDivisionError"):
        assert re.search(rf"\x1b\[[\d;]+m{shown_there}", coloured), coloured

    ipython.type("os.getpg")
    ipython.press("Tab")
    ipython.wait_for_text("getpgid()")
    ipython.press("C-c", "C-r")
    ipython.type("seen, al")
    ipython.wait_for_text("In [9]: %teleport home")
    ipython.press("C-g", "C-c")
    ipython.wait_for_prompt(9)

    ipython.press("C-z")
    ipython.wait_for(lambda screen: "Stopped" in screen and at_shell(screen))
    ipython.paste("fg")
    ipython.wait_for_prompt(9)
    ipython.paste("while True: print('.', end='', flush=True); time.sleep(0.1)")
    ipython.wait_for_text("\n..")
    ipython.press("C-z")
    ipython.wait_for(at_shell)
    ipython.paste("fg")
    # Before, Ctrl-C might still be for the shell.
    ipython.wait_for(lambda screen: re.search(r"--no-banner\n(\^Z)?\.+$", screen))
    ipython.press("C-c")
    assert "KeyboardInterrupt" in ipython.wait_for_prompt(10)
    ipython.tmux("resize-window", "-x", "87", "-y", "43")
    ipython.run(10, "tuple(os.get_terminal_size())")
    assert "Out[10]: (87, 43)" in ipython.screen()
    ipython.paste("os._exit(3)")
    ipython.wait_for(at_shell)
    ipython.paste("echo status $?; stty -a | grep -o '.icanon'")
    ipython.wait_for_text("\nstatus 3\n icanon")


def test_a_session_at_the_prompt_is_taken_up_in_another_terminal(
    shells: Open, host_a: Host, host_b: Host
) -> None:
    first = shells("python -m IPython --no-banner --colors=NoColor")
    go_on = "while not Path('go on').exists(): time.sleep(0.05)"
    first.run(1, SETUP, "%teleport cartesius --lease 5m", "x = 41")
    first.paste(f"print('wa' + 'iting')\n{go_on}\n\nprint('do' + 'ne', os.remove('go on'))")
    first.wait_for_text("\nwaiting")
    # Another machine knows nothing of what was started here.
    second = shells(f"export XDG_STATE_HOME=/tmp/another; python {PYTELEPORT} list cartesius")
    row = re.search(
        r"^(\w+)  cartesius  IPython .* 5 min .*busy .*linked to workbench", second.wait_for(at_shell), re.M
    )
    assert row, second.screen()
    second.paste(f"python {PYTELEPORT} attach cartesius/{row[1]}")
    assert "was taken up elsewhere" in first.wait_for(at_shell)
    second.wait_for_text(f"session {row[1]} on cartesius: here from now on")
    second.press("C-c")
    second.wait_for_text("KeyboardInterrupt")
    second.run(5, "x + 1, socket.gethostname()")
    assert "Out[5]: (42, 'cartesius')" in second.screen()
    go_on = "while not Path('/tmp/nobody').exists(): time.sleep(0.05)"
    second.paste(f"%teleport detach\n{go_on}\n\nprint('while nobody', 'listened', os.remove('/tmp/nobody'))")
    assert "detached: the session on cartesius goes on" in second.wait_for(at_shell)
    as_user = host_b.command(["touch", "/tmp/nobody"])
    subprocess.run(as_user, check=True, timeout=60)
    second.paste(f"until python {PYTELEPORT} list cartesius | grep idle; do :; done")
    second.wait_for(lambda screen: "idle for" in screen and at_shell(screen))
    second.paste(f"python {PYTELEPORT} attach cartesius/{row[1]}")
    second.wait_for_text("\nwhile nobody listened None\n")
    second.wait_for_prompt(7)
    first.paste(f"python {PYTELEPORT} kill {row[1]}")
    first.wait_for_text(f"session {row[1]} on cartesius is ended")
    assert "was ended by SIG" in second.wait_for(at_shell)


EMBEDDING = """\
import socket
from IPython import embed

def count(items):
    embed(colors="NoColor", display_banner=False)
    print(f"{len(items)} counted on {socket.gethostname()}")

count([1, 2])
"""


@pytest.mark.nightly
def test_a_program_with_ipython_embedded_in_it_goes_on_there(shells: Open, host_a: Host) -> None:
    host_a.outside("/tmp/embedding.py").write_text(EMBEDDING)
    program = shells("python /tmp/embedding.py")
    program.run(
        1, "%load_ext pyteleport_jupyter", "%teleport cartesius", "items.append(socket.gethostname())"
    )
    program.paste("exit")
    program.wait_for(lambda screen: "\n3 counted on cartesius\n" in screen and at_shell(screen))
    program.paste("clear; python /tmp/embedding.py; echo status $?")
    program.run(1, "%load_ext pyteleport_jupyter", "%teleport cartesius -q", "%teleport home -q")
    program.paste("import os; os._exit(4)")
    program.wait_for_text("\nstatus 4")
    host_a.outside("/tmp/embedding.py").unlink()


@pytest.mark.nightly
def test_cells_and_copies_of_a_session_at_the_prompt_on_another_host(shells: Open, host_b: Host) -> None:
    ipython = shells("python -m IPython --no-banner --colors=NoColor")
    ipython.run(1, f"{SETUP}\nhosts = []")
    ipython.run_magic(2, "%%teleport cartesius\nhosts.append(socket.gethostname())")
    ipython.run(3, "hosts", "%teleport --fork cartesius -q\nprint('this is', socket.gethostname())")
    assert "Out[3]: ['cartesius']" in ipython.screen()
    ipython.wait_for_text("\n[cartesius] this is cartesius\n")
    ipython.paste("%teleport attach")
    ipython.wait_for(lambda screen: "here from now on" in screen and screen.endswith("\nIn [5]:"))
    ipython.press("C-z")
    ipython.wait_for(lambda screen: "Stopped" in screen and at_shell(screen))
    ipython.paste("fg")
    ipython.wait_for_prompt(5)
    ipython.run(5, "socket.gethostname()")
    assert "Out[5]: 'cartesius'" in ipython.screen()
    # Behind what is said of the link there is a prompt again.
    host_b.kill_connections()
    ipython.wait_for_text("linked to cartesius again")
    ipython.run(6, "x = 5")
    ipython.paste("exit")
    ipython.wait_for_prompt(6)
    ipython.paste("exit")
    ipython.wait_for(at_shell)


def test_a_notebooks_session_is_taken_up_in_a_terminal(
    shells: Open, kernel_on: Callable[..., LabKernel], host_a: Host, host_b: Host
) -> None:
    kernel = kernel_on(host_a)
    kernel.execute("%load_ext pyteleport_jupyter\nimport os, socket, time; x = 41")
    kernel.client.execute(
        "%teleport cartesius -q\nfor i in range(10**6): print(f'<{i}>', flush=True); time.sleep(0.05)"
    )
    while "<3>" not in kernel.client.get_iopub_msg(timeout=60)["content"].get("text", ""):
        pass
    console = shells(f"python {PYTELEPORT} attach")
    console.wait_for(lambda screen: re.search(r"exit ends it\n(<\d+>\n)+", screen))
    console.press("C-c")
    console.wait_for_prompt(3)
    console.paste("x + 1, socket.gethostname()")
    console.wait_for_text("Out[3]: (42, 'cartesius')")
    console.wait_for_prompt(4)
    console.press("C-d")
    console.wait_for_text("really want to exit")
    console.press("Enter")
    console.wait_for(at_shell)
    console.paste(f"python {PYTELEPORT} list")
    assert "no link, ends in" in console.wait_for(lambda screen: "LINK" in screen and at_shell(screen))
    console.paste(f"python {PYTELEPORT} attach")
    console.wait_for_prompt(4)
    console.paste("exit")
    console.wait_for(lambda screen: "Shutting down kernel" in screen and at_shell(screen))
    assert eventually(lambda: not host_b.processes(), 60)
