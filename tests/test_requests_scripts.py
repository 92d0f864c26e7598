"""Moves asked for from outside, in scripts: by signal and by thread."""

from __future__ import annotations

import signal
import sys

from script_runs import Scripts, scripts  # noqa: F401

TRAINING = """
import signal, time
from pyteleport_jupyter import teleport_on
teleport_on(signal.SIGTERM, "local")
def train(epoch):
    loss = 0
    for batch in range(2000):
        loss += batch * epoch % 7
    time.sleep(0.01)
    return loss
for epoch in range(41):
    print(epoch, train(epoch), os.getpid(), flush=True)
"""


def test_a_training_loop_that_gets_sigterm_goes_on_elsewhere(scripts: Scripts) -> None:
    scripts.write(TRAINING)
    with scripts.start() as process:
        assert process.stdout is not None
        rows = []
        for line in process.stdout:
            rows.append([int(number) for number in line.split()])
            if rows[-1][0] == 37:
                process.send_signal(signal.SIGTERM)
        errors = process.stderr.read() if process.stderr is not None else ""
    assert (process.returncode, errors) == (0, "")
    assert [epoch for epoch, _, _ in rows] == list(range(41))
    assert [loss for _, loss, _ in rows] == [sum(b * e % 7 for b in range(2000)) for e in range(41)]
    pids = [pid for _, _, pid in rows]
    assert set(pids[:38]) == {process.pid}
    assert pids[40] != process.pid


def test_a_thread_moves_a_loop_on_one_line(scripts: Scripts) -> None:
    done = scripts.run("""
        import threading, time
        from pyteleport_jupyter import request_teleport
        end = time.monotonic() + 40
        threading.Timer(0.2, request_teleport, ["local"]).start()
        count = 0
        while os.getpid() == first and time.monotonic() < end: count += 1
        print(os.getpid() != first, count > 1000)
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True True\n", "")


def test_what_cannot_move_is_told_and_the_script_goes_on(scripts: Scripts) -> None:
    done = scripts.run("""
        import time
        from pyteleport_jupyter import request_teleport
        held = open(os.devnull, "w")
        request = request_teleport("local", patience=0.2)
        end = time.monotonic() + 20
        while request.pending and time.monotonic() < end: pass
        print(type(request.error).__name__, os.getpid() == first, sys.gettrace())
    """)
    assert (done.returncode, done.stdout) == (0, "RequestGivenUp True None\n")
    assert done.stderr.startswith("pyteleport: The move to local that was asked for was given up after")
    assert "held" in done.stderr


def test_a_debugger_is_left_alone(scripts: Scripts) -> None:
    done = scripts.run("""
        from pyteleport_jupyter import request_teleport
        from pyteleport_jupyter.errors import RequestRefused
        events = []
        sys.settrace(lambda frame, event, argument: events.append(event))
        if sys.version_info >= (3, 12):
            for tool in (3, 4):
                sys.monitoring.use_tool_id(tool, "debugger")
        try:
            request_teleport("local")
        except RequestRefused as refused:
            print("refused" if "debugger" in str(refused) or "__main__" in str(refused) else refused)
        print(sys.gettrace() is not None, os.getpid() == first)
        sys.settrace(None)
    """)
    assert (done.returncode, done.stdout.split()) == (0, ["refused", "True", "True"])
    assert sys.gettrace() is None


def test_a_standing_order_travels_and_brings_it_home(scripts: Scripts) -> None:
    done = scripts.run("""
        import signal, time
        from pyteleport_jupyter import teleport_on
        teleport_on(signal.SIGUSR1, "home")
        teleport("local")
        away, seen = os.getpid() != first, []
        os.kill(os.getpid(), signal.SIGUSR1)
        end = time.monotonic() + 40
        while os.getpid() != first and time.monotonic() < end:
            seen.append(len(seen))
        print(away, os.getpid() == first, seen == list(range(len(seen))), flush=True)
        os.kill(os.getpid(), signal.SIGUSR1)
        print("not reached: at home the signal does what it did before")
    """)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGUSR1, "True True True\n", "")


def test_a_thread_brings_a_program_home(scripts: Scripts) -> None:
    done = scripts.run("""
        import threading, time
        from pyteleport_jupyter import request_teleport
        teleport("local")
        threading.Timer(0.1, request_teleport, ["home"]).start()
        end, count = time.monotonic() + 40, 0
        while os.getpid() != first and time.monotonic() < end: count += 1
        print(os.getpid() == first, count > 1000)
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True True\n", "")


def test_a_signal_that_comes_on_the_way_is_raised_where_it_goes_on(scripts: Scripts) -> None:
    done = scripts.run("""
        import signal, time
        from pyteleport_jupyter import request_teleport
        class Asked(Exception): pass
        def handler(number, frame): raise Asked
        signal.signal(signal.SIGUSR1, handler)
        class Sending:
            def __getstate__(self): return {"number": 5}
            def __setstate__(self, state): os.kill(os.getpid(), signal.SIGUSR1)
        def work():
            sending, count = Sending(), 0
            try:
                request_teleport("local")
                end = time.monotonic() + 40
                while time.monotonic() < end: count += 1
            except Asked:
                return os.getpid() != first
        print(work(), signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True set()\n", "")
