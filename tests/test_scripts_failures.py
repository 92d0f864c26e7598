"""A move of a script that fails leaves it here as it was, with one error, and nothing there."""

from __future__ import annotations

import pytest
from script_runs import AWAY, Scripts, scripts  # noqa: F401

TRY = f"""
kept = object()
alias = kept
try:
    {AWAY}
except BaseException as error:
    print(type(error).__name__)
print(os.getpid() == first, alias is kept, input())
"""

FAULTS = {
    "capture.before": "TeleportError",
    "capture.midway": "TeleportError",
    "boot.disk_full": "DiskFull",
    "program.start": "StartFailed",
    "load.object": "RestoreFailed",
    "load.object:1:kill": "RestoreFailed",
    "commit.before": "LinkLost",
    "relay.at_rest": "QuiesceFailed",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_fails_before_the_cut(fault: str, scripts: Scripts) -> None:
    scripts.environment["TELEPORT_FAULT"] = fault
    done = scripts.run(TRY, typed="still here\n")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [FAULTS[fault], "True True still here"]


def test_where_exec_is_refused_the_relay_runs_in_this_process(scripts: Scripts) -> None:
    scripts.environment["TELEPORT_FAULT"] = "relay.exec"
    done = scripts.run(f"{AWAY}\nprint(os.getpid() != first, input())\nsys.exit(4)", typed="a line\n")
    assert (done.returncode, done.stdout) == (4, "True a line\n")


REFUSED = {
    "threads": (
        "import threading; stop = threading.Event(); thread = threading.Thread(target=stop.wait, name='busy'); thread.start()",
        "ThreadsRunning",
        "busy",
        "stop.set(); thread.join()",
    ),
    "object": ("import socket; pair = socket.socketpair()", "ObjectsRefused", "pair[0]", "del pair"),
    "argv": ("def away(): bash_teleport()\nhere = away", "OptionWrong", "argv", "here = None"),
    "program": (
        "away = lambda: bash_teleport('no-such-command')",
        "TargetUnknown",
        "no-such-command",
        "away = None",
    ),
    "shell": ("away = lambda: bash_teleport('true')", "ShellFailed", "", "away = None"),
    "python": (
        "away = lambda: bash_teleport('sh', '-c', python='/no/python')",
        "NoPython",
        "/no/python",
        "away = None",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_sentences_and_the_script_goes_on(case: str, scripts: Scripts) -> None:
    prepare, kind, words, undo = REFUSED[case]
    done = scripts.run(f"""
away = None
{prepare}
try:
    (globals()["here"] if globals().get("here") else away or (lambda: {AWAY}))()
except Exception as error:
    print(type(error).__name__, {words!r} in str(error), str(error).count("\\n") < 3)
{undo}
print(os.getpid() == first)
""")
    assert done.stdout.splitlines() == [f"{kind} True True", "True"], done.stderr


def test_from_a_thread_or_a_sort_it_is_refused(scripts: Scripts) -> None:
    done = scripts.run(f"""
        import threading
        def move(*ignored):
            try:
                {AWAY}
            except Exception as error:
                print(type(error).__name__)
            return 0
        thread = threading.Thread(target=move)
        thread.start(), thread.join()
        sorted([1], key=move)
        print(os.getpid() == first)
    """)
    assert done.stdout.splitlines() == ["NotInProgram", "FrameRefused", "True"], done.stderr


def test_ctrl_c_while_it_moves_calls_it_off(scripts: Scripts) -> None:
    done = scripts.run("""
        import signal, pyteleport_jupyter.scripts.road
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
        try:
            bash_teleport("sh", "-c", before="sleep 30")
        except Exception as error:
            print(type(error).__name__)
        print(os.getpid() == first)
    """)
    assert done.stdout.splitlines() == ["MoveCancelled", "True"], done.stderr


def test_a_second_ctrl_c_while_it_is_called_off_leaves_no_copy_there(scripts: Scripts) -> None:
    done = scripts.run(f"""
        import signal
        from pyteleport_jupyter.wire import Conversation
        wait_for, abort, pressed = Conversation.wait_for, Conversation.abort, []
        def press():
            pressed.append(len(pressed))
            signal.raise_signal(signal.SIGINT)
        def wait_and_press(self, said, *rest):
            answer = wait_for(self, said, *rest)
            if said == "held": press()
            return answer
        def press_and_abort(self, *rest):
            press()
            abort(self, *rest)
        Conversation.wait_for, Conversation.abort = wait_and_press, press_and_abort
        try:
            {AWAY}
        except BaseException as error:
            print(type(error).__name__)
        print(pressed, os.getpid() == first)
    """)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["MoveCancelled", "[0, 1] True"]


def test_a_signal_that_comes_while_it_is_restored_is_raised_where_it_goes_on(scripts: Scripts) -> None:
    done = scripts.run(f"""
        import signal
        class Pressing:
            def __getstate__(self): return {{"number": 5}}
            def __setstate__(self, state): os.kill(os.getpid(), signal.SIGINT)
        pressing = Pressing()
        def move():
            try:
                {AWAY}
            except KeyboardInterrupt:
                print("interrupted there", os.getpid() != first)
            finally:
                print("finally")
        move()
        print(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    """)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["interrupted there True", "finally", "set()"]
