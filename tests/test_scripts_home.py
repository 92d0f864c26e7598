"""Home again: into the very process that was started, from wherever the script has got to."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pexpect
import pytest
from script_runs import AWAY, Scripts, scripts  # noqa: F401

HOME = "teleport('home')"


def test_there_and_home_again_and_again(scripts: Scripts) -> None:
    done = scripts.run(f"""
        kept = []
        alias = kept
        for number in range(3):
            {AWAY}
            kept.append(os.getpid() != first)
            {HOME}
            kept.append(os.getpid() == first)
        print(kept, alias is kept, os.environ.get("XDG_RUNTIME_DIR") is not None)
        sys.exit(3)
    """)
    assert (done.stdout, done.stderr) == (f"{[True] * 6} True True\n", "")
    assert done.returncode == 3


def test_home_from_further_on_with_the_input_that_was_not_read(scripts: Scripts, tmp_path: Path) -> None:
    text = f"""
        said = [input()]
        {AWAY}
        said.append(input())
        {AWAY}
        said.append(input())
        print("from afar", flush=True)
        {HOME}
        said.append(input())
        {AWAY}
        said += [line.strip() for line in sys.stdin]
        {HOME}
        print(said, os.getpid() == first)
    """
    lines = [str(number) for number in range(50000)]
    expected = f"from afar\n{lines} True\n"
    done = scripts.run(text, typed="\n".join(lines))
    assert (done.stderr, done.stdout == expected) == ("", True)
    (tmp_path / "lines").write_text("\n".join(lines))
    with open(tmp_path / "lines") as file, scripts.start(stdin=file) as process:
        out, _ = process.communicate(timeout=60)
    assert out == expected


def test_at_home_home_is_no_move(scripts: Scripts) -> None:
    assert scripts.run(f"{HOME}\nprint(os.getpid() == first)").stdout == "True\n"


def test_it_may_be_forbidden_and_the_script_goes_on_there(scripts: Scripts) -> None:
    done = scripts.run(f"""
        teleport("local", home=False)
        try:
            {HOME}
        except Exception as error:
            print(type(error).__name__, error)
        print(os.getpid() != first, input())
    """, typed="still read\n")  # fmt: skip
    sentence = "it left without leave to (home=True), so nothing that it sends is run here"
    assert done.stdout.splitlines() == [
        f"HomeRefused There is no way home: {sentence}. Everything goes on where it is.",
        "True still read",
    ]


def test_code_that_never_speaks_of_home_has_no_leave_to_come(scripts: Scripts) -> None:
    done = scripts.run(f"""
        {AWAY}
        try:
            teleport("ho" + sys.argv[0][:0] + "me")
        except Exception as error:
            print(type(error).__name__)
        print(os.getpid() != first)
    """)
    assert done.stdout.splitlines() == ["HomeRefused", "True"]


def test_what_cannot_be_restored_at_home_goes_on_there(scripts: Scripts) -> None:
    done = scripts.run(f"""
        class Picky:
            def __getstate__(self): return {{"pid": os.getpid()}}
            def __setstate__(self, state):
                if os.getpid() == first: raise ValueError("not here")
        picky = Picky()
        {AWAY}
        try:
            {HOME}
        except Exception as error:
            print(type(error).__name__, "not here" in str(error))
        print(os.getpid() != first, input())
        del picky
        {HOME}
        print(os.getpid() == first, input())
    """, typed="one\ntwo\n")  # fmt: skip
    assert done.stdout.splitlines() == ["RestoreFailed True", "True one", "True two"]


def test_the_prompt_comes_home(scripts: Scripts) -> None:
    environment = {**scripts.environment, "TERM": "xterm", "PYTHON_BASIC_REPL": "1"}
    child = pexpect.spawn(
        sys.executable, ["-q"], env=environment, cwd=str(scripts.folder), encoding="utf-8", timeout=30
    )
    child.delaybeforesend = 0.1
    for line, answer in (
        ("import os; from pyteleport_jupyter import *; first = os.getpid()", ""),
        (f"{AWAY}; print('there', os.getpid() != first)", "there True"),
        (f"{HOME}; print('home', os.getpid() == first)", "home True"),
        ("6 * 7", "42"),
        (f"{AWAY}; print('there', os.getpid() != first)", "there True"),
        (f"{HOME}; print('home', os.getpid() == first)", "home True"),
    ):
        child.expect_exact(">>> ")
        child.sendline(line)
        child.expect_exact(f"\r\n{answer}")
    child.expect_exact(">>> ")
    child.sendline("exit(8)")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 8


def test_signals_and_exit_handlers_are_the_programs_again(scripts: Scripts) -> None:
    scripts.write(f"""
        import atexit, signal, time
        atexit.register(lambda: print("at exit", os.getpid() == first))
        signal.signal(signal.SIGUSR1, lambda *_: os.write(1, b"usr1 %d\\n" % (os.getpid() == first)))
        {AWAY}
        {HOME}
        print("ready", flush=True)
        while True: time.sleep(0.1)
    """)
    with scripts.start() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGUSR1)
        assert process.stdout.readline() == "usr1 1\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "at exit True\n"
    assert process.returncode == -2


@pytest.mark.parametrize("terminal_takes_keys", [True, False])
def test_keys_typed_ahead_come_home(terminal_takes_keys: bool, scripts: Scripts) -> None:
    if not terminal_takes_keys:
        scripts.environment["TELEPORT_FAULT"] = "home.type"
    scripts.write(f"""
        import time
        {AWAY}
        print("type", flush=True)
        while not os.path.exists("typed"): time.sleep(0.05)
        {HOME}
        print(os.getpid() == first, [input() for _ in range(3)])
        print(sys.stdin.readline() == "and a word\\n", sys.stdin.fileno())
    """)
    environment = {**scripts.environment, "TERM": "xterm"}
    child = pexpect.spawn(
        sys.executable, ["main.py"], env=environment, cwd=str(scripts.folder), encoding="utf-8", timeout=30
    )
    child.expect_exact("type")
    child.send("one\rtwo\rthr")
    child.expect_exact("thr")  # shown by the terminal there: all keys are in it
    (scripts.folder / "typed").touch()
    child.send("ee\rand a word\r")
    child.expect_exact("True ['one', 'two', 'three']")
    child.expect_exact("True 0")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
