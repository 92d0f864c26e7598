"""Home again: a session that was away goes on in the process that it was started in."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from relay_lab import (
    Answer,
    LabKernel,
    answer_to,
    eventually,
    faulty_kernel,
    lab_kernel,
    marked_processes,
    result,
)

SETUP = """%load_ext pyteleport_jupyter
import os
from pyteleport_jupyter import away, teleport
def deep(n, place): return deep(n - 1, place) + 1 if n else (teleport(place, quiet=True), 0)[1]"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        assert kernel.run(SETUP).status == "ok"
        yield kernel


def test_in_the_midst_of_a_loop_and_deep_in_functions(kernel: LabKernel) -> None:
    before = kernel.run("len(In)")
    request = kernel.client.execute(
        "pids = []\nfor place in ('local', 'home', 'local', 'home'):\n"
        "    assert deep(3, place) == 3\n    pids.append(os.getpid()); print(place)\n"
        f"[pid == {kernel.pid} for pid in pids], len(set(pids))"
    )
    run = answer_to(kernel.client, request, 120)
    assert run.text() == "local\nhome\nlocal\nhome\n"
    assert result(run) == "([False, True, False, True], 3)"
    after = kernel.run("len(In), In[-2][:4], Out[max(Out)][1]")
    assert result(after) == f"({int(result(before)) + 2}, 'pids', 3)"
    assert after.reply["content"]["execution_count"] == before.reply["content"]["execution_count"] + 2


def test_the_line_of_progress_ends_with_where_it_is(kernel: LabKernel) -> None:
    run = kernel.run("%teleport local -q\n%teleport home")
    assert f"(pid {kernel.pid}, Python 3." in run.displays()[-1]
    assert run.displays()[-1].startswith("home again on ")
    assert "log handlers" not in run.displays()[-1]
    assert "already there" in kernel.run("%teleport home").text()


def test_history_comes_home_once(kernel: LabKernel) -> None:
    kernel.run("%teleport local -q")
    kernel.run("'typed elsewhere'")
    kernel.run("%teleport home -q")
    sql = "SELECT line, source_raw FROM history WHERE session = ?"
    rows = f"ip.history_manager.db.execute({sql!r}, (ip.history_manager.session_number,))"
    kernel.run("ip = get_ipython(); ip.history_manager.writeout_cache()")
    run = kernel.run(
        f"rows = list({rows}); [r[1] for r in rows].count(\"'typed elsewhere'\"), len(rows) == len(dict(rows))"
    )
    assert result(run) == "(1, True)"


def test_requests_that_wait_run_at_home_in_their_order(kernel: LabKernel) -> None:
    cells = [
        "%teleport local -q\nwhere = []",
        "where.append(os.getpid())",
        "%teleport home -q\nwhere.append(os.getpid())",
    ]
    cells += ["where.append(os.getpid())", "[pid == where[-1] for pid in where]"]
    asked = [kernel.client.execute(cell) for cell in cells]
    answers = [answer_to(kernel.client, request, 60) for request in asked]
    assert result(answers[-1]) == "[False, True, True]"
    assert result(kernel.run("where[-1]")) == str(kernel.pid)


def test_away_is_for_the_block_and_an_exception_comes_home_with_its_traceback(kernel: LabKernel) -> None:
    code = "def there():\n    seen.append(os.getpid())\n    return 1 / 0  # the culprit\nseen = []\n"
    code += "with away('local', quiet=True):\n    there()\n"
    run = kernel.run(code)
    assert run.reply["content"]["ename"] == "ZeroDivisionError"
    assert "the culprit" in "".join(run.reply["content"]["traceback"])
    assert "pyteleport" not in "".join(run.reply["content"]["traceback"])
    assert result(kernel.run("seen[0] == os.getpid(), os.getpid()")) == f"(False, {kernel.pid})"


def supervised(kernel: LabKernel) -> list[str]:
    """Command lines of what runs on a far side (the extension of these tests has processes of its own)."""
    return [words for words in marked_processes(kernel.mark).values() if "package.zip" in words]


def test_what_is_left_of_it_is_nothing(kernel: LabKernel) -> None:
    assert result(kernel.run("%teleport local -q\n%teleport home -q\nos.getpid()")) == str(kernel.pid)
    assert eventually(lambda: not supervised(kernel)), supervised(kernel)
    assert not list(kernel.runtime.rglob("*.sock"))


def test_an_interrupt_on_the_way_reaches_the_cell_at_home(kernel: LabKernel) -> None:
    kernel.run("%teleport local -q")
    code = "import time\n%teleport home -q\ntry:\n    while True: time.sleep(0.05)\nexcept KeyboardInterrupt: print('stopped', os.getpid())"
    request = kernel.client.execute(code)
    path = Path(f"/proc/{kernel.pid}/cmdline")
    assert eventually(lambda: b"homecoming" in path.read_bytes())
    os.kill(kernel.pid, signal.SIGINT)
    assert answer_to(kernel.client, request).text() == f"stopped {kernel.pid}\n"


# What may go wrong -----------------------------------------------------------------------------------


@pytest.fixture
def faulty(request: pytest.FixtureRequest) -> Iterator[LabKernel]:
    """A kernel of which the process at home fails at a point on the way back."""
    with faulty_kernel(request.param, SETUP) as kernel:
        yield kernel


def left(kernel: LabKernel, options: str = "") -> int:
    return int(kernel.run(f"%teleport local -q {options}\nprint(os.getpid())").text())


@pytest.mark.parametrize("faulty", ["home.exec", "home.restore"], indirect=True)
def test_what_cannot_be_taken_over_goes_on_where_it_is(faulty: LabKernel) -> None:
    there = left(faulty)
    run = faulty.run("x = 1\n%teleport home -q\nx = 2")
    assert len(run.reply["content"]["traceback"]) == 1
    assert "fault injected" in run.reply["content"]["evalue"]
    assert result(faulty.run("x, os.getpid()")) == f"(1, {there})"
    assert faulty.run("print('on')").text() == "on\n"


@pytest.mark.parametrize("faulty", ["home.restore::kill"], indirect=True)
def test_a_process_that_is_killed_at_home_leaves_nothing_there(faulty: LabKernel) -> None:
    left(faulty, "--lease 1")
    faulty.client.execute("%teleport home -q")
    assert faulty.ends_within(20)
    assert eventually(lambda: not marked_processes(faulty.mark), 30), marked_processes(faulty.mark)


@pytest.mark.parametrize("faulty", ["home.restore::hang"], indirect=True)
def test_a_kernel_that_is_killed_there_while_home_restores(faulty: LabKernel) -> None:
    there = left(faulty, "--lease 1")
    faulty.client.execute("%teleport home -q")
    path = Path(f"/proc/{faulty.pid}/cmdline")
    assert eventually(lambda: b"homecoming" in path.read_bytes())
    os.kill(there, signal.SIGKILL)
    assert eventually(lambda: there not in marked_processes(faulty.mark))
    faulty.manager.signal_kernel(signal.SIGTERM)
    assert faulty.ends_within(20)


@pytest.mark.parametrize("faulty", ["homeward.hand_over::kill"], indirect=True)
def test_the_cell_goes_on_though_what_hands_it_over_is_killed(faulty: LabKernel) -> None:
    left(faulty)
    cells = ("print('before')\n%teleport home -q\nprint('behind'); done = [0]", "done.append(1)", "done")
    moved, *queued = [faulty.client.execute(cell) for cell in cells]
    run = answer_to(faulty.client, moved)
    assert (run.status, run.text()) == ("ok", "before\nbehind\n")
    assert result([answer_to(faulty.client, request) for request in queued][-1]) == "[0, 1]"
    assert result(faulty.run("os.getpid()")) == str(faulty.pid)


def test_without_leave_nothing_comes_home() -> None:
    with lab_kernel() as kernel:
        kernel.run("%load_ext pyteleport_jupyter\nfrom pyteleport_jupyter import teleport\nimport os")
        there = left(kernel, "--no-home")
        run = kernel.run("%teleport home -q")
        assert "--no-home" in run.reply["content"]["evalue"]
        assert far_side_is(kernel, there)


def test_the_far_side_alone_is_not_enough() -> None:
    with lab_kernel() as kernel:
        kernel.run("%load_ext pyteleport_jupyter\nfrom pyteleport_jupyter import teleport\nimport os")
        there = left(kernel)
        run = kernel.run("place = 'emoh'[::-1]; teleport(place, quiet=True)", allow_stdin=False)
        assert "nobody said yes" in run.reply["content"]["evalue"]
        assert far_side_is(kernel, there)


def test_the_word_that_is_asked_for_allows_it_and_no_other_answer() -> None:
    with lab_kernel() as kernel:
        kernel.run("%load_ext pyteleport_jupyter\nfrom pyteleport_jupyter import teleport\nimport os")
        there = left(kernel)
        unsaid = "place = 'emoh'[::-1]; teleport(place, quiet=True)"
        assert "nobody said yes" in answered(kernel, unsaid, "y").reply["content"]["evalue"]
        # Code that was only looked at has not been run.
        kernel.client.is_complete("%teleport home")
        assert "nobody said yes" in answered(kernel, unsaid, "yes").reply["content"]["evalue"]
        assert far_side_is(kernel, there)
        assert answered(kernel, unsaid, None).status == "ok"
        assert far_side_is(kernel, kernel.pid)


def answered(kernel: LabKernel, code: str, answer: str | None) -> Answer:
    """Run this and answer the question that it leads to; None: by the word asked for."""
    request = kernel.client.execute(code, allow_stdin=True)
    prompt = kernel.client.get_stdin_msg(timeout=40)["content"]["prompt"]
    kernel.client.input(answer or prompt.rstrip(" :").rpartition(" ")[2])
    return answer_to(kernel.client, request)


def far_side_is(kernel: LabKernel, pid: int) -> bool:
    return kernel.run("print(os.getpid())").text() == f"{pid}\n"


SLOW = """class Slow:
    def __setstate__(self, state):
        self.__dict__.update(state)
        if os.getpid() == self.home:
            open(self.begun, "w").close()
            open(self.gate).close()
slow = Slow()
slow.home, slow.begun, slow.gate = os.getpid(), {begun!r}, {gate!r}"""


def test_its_heart_beats_while_it_is_restored_at_home(kernel: LabKernel, tmp_path: Path) -> None:
    begun, gate = tmp_path / "begun", tmp_path / "gate"
    os.mkfifo(gate)
    kernel.run(SLOW.format(begun=str(begun), gate=str(gate)))
    kernel.run("%teleport local -q")
    request = kernel.client.execute("%teleport home -q\nos.getpid()")
    assert eventually(begun.exists)
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.linger = 0
        socket.connect(f"tcp://127.0.0.1:{kernel.manager.hb_port}")
        socket.send(b"are you there?")
        beats = socket.poll(60_000)
    with gate.open("w"):
        assert result(answer_to(kernel.client, request)) == str(kernel.pid)
    assert beats
    kernel.run("del slow")
