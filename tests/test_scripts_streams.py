"""The three streams, signals and the terminal of a script that has gone on elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import psutil
import pytest
from script_runs import AWAY, Scripts, scripts  # noqa: F401

READY = "print('ready', flush=True)"


def test_three_streams_stay_apart_and_end_of_input_passes(scripts: Scripts) -> None:
    done = scripts.run(
        f"""
        head = input()
        {AWAY}
        print(head, [os.isatty(n) for n in range(3)])
        print("wrong", file=sys.stderr)
        print([line for line in sys.stdin])
    """,
        typed="first\nsecond\nthird\n",
    )
    assert done.stdout.splitlines() == ["first [False, False, False]", "['second\\n', 'third\\n']"]
    assert done.stderr == "wrong\n"


def test_output_is_in_order_around_the_move_and_where_both_go_to_one_place(scripts: Scripts) -> None:
    scripts.write(f"""
        print("1", end=" "), print("2", end=" ", file=sys.stderr), sys.stdout.flush()
        {AWAY}
        for n in range(3, 9):
            print(n, end=" ", flush=True), print(-n, end=" ", file=sys.stderr, flush=True)
    """)
    with scripts.start(stderr=subprocess.STDOUT) as process:
        out, _ = process.communicate(timeout=60)
    assert out.split() == ["1", "2", *(f"{s}{n}" for n in range(3, 9) for s in ("", "-"))]


def test_a_flood_is_held_back_by_whoever_reads_slowly(scripts: Scripts) -> None:
    scripts.write(
        f"{AWAY}\nsys.stderr.write('.'); sys.stderr.flush()\nfor n in range(60): sys.stdout.write('x' * (1 << 20))"
    )
    with scripts.start() as process:
        assert process.stderr is not None
        assert process.stdout is not None
        process.stderr.read(1)
        relay = psutil.Process(process.pid)
        deadline = time.monotonic() + 10
        sizes = [0, 1]
        while sizes[-1] != sizes[-2] and time.monotonic() < deadline:
            time.sleep(0.3)
            sizes.append(relay.memory_info().rss)
        others = [each.memory_info().rss for each in scripts.processes()]
        assert max(others) < 80 << 20
        assert len(process.stdout.read()) == 60 << 20
        process.stderr.read()
    assert process.returncode == 0


def test_a_reader_that_goes_is_noticed_there(scripts: Scripts) -> None:
    scripts.write(f"""
        {AWAY}
        try:
            while True: print("y" * 10000)
        except BrokenPipeError:
            print("nobody reads", file=sys.stderr)
            os._exit(5)
    """)
    with scripts.start() as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(100)
        process.stdout.close()
        assert process.stderr.read() == "nobody reads\n"
    assert process.returncode == 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_passed_on_and_the_status_tells(number: signal.Signals, scripts: Scripts) -> None:
    scripts.write(f"{AWAY}\n{READY}\nimport time\ntime.sleep(60)")
    with scripts.start() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.wait(20) == 128 + number


def test_a_handler_there_hears_the_signal(scripts: Scripts) -> None:
    scripts.write(f"""
        import signal, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("asked to end"))
        {AWAY}
        {READY}
        time.sleep(60)
    """)
    with scripts.start() as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.stderr.read() == "asked to end\n"
    assert process.returncode == 1


def test_what_is_left_over_when_the_local_process_is_killed_ends_with_its_lease(scripts: Scripts) -> None:
    scripts.write(f"teleport('local', lease=1)\n{READY}\nimport time\ntime.sleep(60)")
    with scripts.start() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.kill()
    deadline = time.monotonic() + 20
    while scripts.processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert scripts.processes() == []


def spawn(scripts: Scripts, *argv: str) -> pexpect.spawn:
    arguments = list(argv) or [str(scripts.folder / "main.py")]
    environment = {**scripts.environment, "TERM": "xterm", "PYTHON_BASIC_REPL": "1", "NO_COLOR": "1"}
    child = pexpect.spawn(
        sys.executable, arguments, env=environment, cwd=str(scripts.folder), encoding="utf-8",
        timeout=30, dimensions=(31, 97),
    )  # fmt: skip
    child.delaybeforesend = 0.1
    return child


def test_with_a_terminal_there_is_one_over_there_too(scripts: Scripts) -> None:
    scripts.write(f"""
        import time, getpass
        {AWAY}
        print([os.isatty(n) for n in range(3)], os.get_terminal_size())
        print("name", input("who? "))
        try:
            print("sleeping")
            time.sleep(60)
        except KeyboardInterrupt:
            print("interrupted")
        import signal
        resized = []
        signal.signal(signal.SIGWINCH, lambda *_: resized.append(os.get_terminal_size()))
        print("resize me")
        while not resized: time.sleep(0.05)
        print(resized[0])
        sys.exit(4)
    """)
    child = spawn(scripts)
    child.expect_exact("[True, True, True] os.terminal_size(columns=97, lines=31)")
    child.expect_exact("who? ")
    child.sendline("me")
    child.expect_exact("name me")
    child.expect_exact("sleeping")
    child.sendintr()
    child.expect_exact("interrupted")
    child.expect_exact("resize me")
    child.setwinsize(20, 60)
    child.expect_exact("os.terminal_size(columns=60, lines=20)")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 4


def test_ctrl_z_stops_it_under_a_shell_and_fg_goes_on(scripts: Scripts) -> None:
    scripts.write(f"""
        import time
        {AWAY}
        print("running")
        for n in range(100):
            print("tick", n)
            time.sleep(0.2)
    """)
    shell = pexpect.spawn(
        "bash", ["--norc", "--noprofile", "-i"], env={**scripts.environment, "PS1": "$$ ", "TERM": "dumb"},
        cwd=str(scripts.folder), encoding="utf-8", timeout=30,
    )  # fmt: skip
    shell.sendline(f"{sys.executable} main.py")
    shell.expect_exact("tick 2")
    shell.send("\x1a")
    shell.expect_exact("Stopped")
    shell.sendline("echo back in the $((40+2))")
    shell.expect_exact("back in the 42")
    shell.sendline("fg")
    shell.expect_exact("tick 5")
    shell.sendintr()
    shell.expect_exact("KeyboardInterrupt")
    shell.expect(r"\d+ $")
    shell.sendline("echo status $?")
    shell.expect_exact("status 130")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


@pytest.mark.parametrize("flags", [["-q"], ["-i"], ["-i", "-c", "value = 5"]])
def test_the_prompt_goes_on_there(flags: list[str], scripts: Scripts) -> None:
    child = spawn(scripts, *flags)
    child.expect_exact(">>> ")
    for line, answer in (
        ("import os; from pyteleport_jupyter import bash_teleport; x = []; y = x; first = os.getpid()", ""),
        (f"{AWAY}; print('there', os.getpid() != first, x is y)", "there True True"),
        ("6 * 7", "42"),
        ("_ + 1", "43"),
        ("1 / 0", "ZeroDivisionError"),
        (f"{AWAY}; print('further')", "further"),
        ("input('say: ')", "say: "),
        ("word", "'word'"),
        ("x is y", "True"),
    ):
        child.sendline(line)
        if answer:
            child.expect_exact(f"\r\n{answer}" if "say" not in answer and "Zero" not in answer else answer)
        if "say" not in answer:
            child.expect_exact(">>> ")
    child.sendline("import time; time.sleep(60)")
    time.sleep(0.5)
    child.sendintr()
    child.expect_exact("KeyboardInterrupt")
    child.expect_exact(">>> ")
    child.sendline("exit(6)")
    child.expect(pexpect.EOF)
    child.close()
    # The prompt of 3.14 ends by SIGINT where an interrupt was not caught before, whatever exit() says.
    assert child.exitstatus == (6 if sys.version_info < (3, 14) else 128 + signal.SIGINT)


def test_a_script_under_dash_i_ends_at_the_prompt_there(scripts: Scripts) -> None:
    scripts.write(f"{AWAY}\nprint('script ends', os.getpid() != first)\nraise SystemExit(3)")
    child = spawn(scripts, "-i", str(scripts.folder / "main.py"))
    child.expect_exact("script ends True")
    child.expect_exact("SystemExit: 3")
    assert "<string>" not in child.before
    child.expect_exact(">>> ")
    child.sendline("first != os.getpid()")
    child.expect_exact("\r\nTrue")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()


def test_in_the_background_the_terminal_is_left_alone(scripts: Scripts) -> None:
    scripts.write(f"{AWAY}\nprint('done in the background')")
    shell = pexpect.spawn(
        "bash", ["--norc", "--noprofile", "-i"], env={**scripts.environment, "PS1": "$$ ", "TERM": "dumb"},
        cwd=str(scripts.folder), encoding="utf-8", timeout=30,
    )  # fmt: skip
    shell.sendline(f"{sys.executable} main.py & wait; echo status $((1+1)) $?")
    shell.expect_exact("done in the background")
    shell.expect_exact("status 2 0")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


def test_streams_that_are_closed_or_files(scripts: Scripts, tmp_path: Path) -> None:
    scripts.write(f"{AWAY}\nprint('to a file', sys.stdin is None or sys.stdin.read())")
    command = f"exec {sys.executable} main.py < {scripts.folder}/main.py > {tmp_path}/out 2>&-"
    subprocess.run(["sh", "-c", command], env=scripts.environment, cwd=scripts.folder, check=True, timeout=60)
    assert (tmp_path / "out").read_text().startswith("to a file import os, sys\n")
    assert os.path.exists(tmp_path)
