"""``fork`` in a notebook: this session goes on here, a copy of it elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from relay_lab import LabKernel, eventually, lab_kernel, marked_processes, result

from pyteleport_jupyter.copies import Copy
from pyteleport_jupyter.relay.states import Link as LinkState

SETUP = """%load_ext pyteleport_jupyter
import os
from pyteleport_jupyter import fork"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        assert kernel.run(SETUP).status == "ok"
        yield kernel


def ended(kernel: LabKernel) -> bool:
    return eventually(lambda: not any("package.zip" in p for p in marked_processes(kernel.mark).values()))


def test_both_go_on_in_the_midst_of_the_cell(kernel: LabKernel) -> None:
    code = "x = 1\nfor i in range(2):\n    copy = fork('local', quiet=True)\n    if copy is None:\n"
    code += (
        "        x = 10 + i; print('copy', i, os.getpid() == pid); break\n    print('here', copy.wait(60))\n"
    )
    code += "    copies.append(copy)\nprint('end', x)"
    kernel.run("pid, copies = os.getpid(), []")
    run = kernel.run(code)
    lines = run.text().splitlines()
    labelled = [line.partition("] ")[2] for line in lines if line.startswith("[a process on ")]
    assert labelled == ["copy 0 False", "end 10", "copy 1 False", "end 11"]
    assert [line for line in lines if not line.startswith("[")] == ["here ok", "here ok", "end 1"]
    assert (
        result(kernel.run("[c.kill() for c in copies], len({c.id for c in copies})")) == "([None, None], 2)"
    )
    assert ended(kernel)


def test_an_error_of_the_copy_is_shown_and_is_no_error_here(kernel: LabKernel) -> None:
    run = kernel.run("copy = fork('local', quiet=True)\nif copy is None: 1 / 0\ncopy.wait(60)")
    assert result(run) == "'error'"
    assert "ZeroDivisionError" in run.text("stderr")
    kernel.run("copy.kill()")
    assert ended(kernel)


def test_the_magic_tells_how_to_get_there(kernel: LabKernel) -> None:
    run = kernel.run("copy = %teleport --fork local\n'there' if copy is None else copy.wait(60)")
    told = next(text for text in run.displays() if text.startswith("a copy goes on on a process on "))
    assert told.endswith(f"%teleport attach {result(kernel.run('copy.id'))[1:-1]}")
    assert "] 'there'" in run.displays()[-1]
    kernel.run("copy.kill()")
    assert ended(kernel)


def test_several_copies_know_their_number_and_are_told_apart(kernel: LabKernel) -> None:
    code = "copies = fork(['local', 'local'], quiet=True)\nif isinstance(copies, int):\n"
    code += (
        "    print('number', copies)\nelse:\n    said = [copy.wait(60) for copy in copies]\n    print(said)"
    )
    lines = kernel.run(code).text().splitlines()
    assert "['ok', 'ok']" in lines
    found = [line for line in lines if "number" in line]
    assert sorted(line.rpartition("number ")[2] for line in found) == ["0", "1"]
    assert all(line.partition("]")[0].endswith(f" {line[-1]}") for line in found), found
    kernel.run("[copy.kill() for copy in copies]")
    run = kernel.run("copies = %teleport --fork local local -q\ncopies")
    assert len(eval(result(kernel.run("[copy.host for copy in copies]")))) == 2
    kernel.run("[copy.wait(60) for copy in copies]; [copy.kill() for copy in copies]")
    assert run.status == "ok"
    assert ended(kernel)
    assert "--fork local home" in kernel.run("%teleport local home").text("stderr")


class FarWithoutLink:
    """As much of a far side as a copy needs."""

    def __init__(self) -> None:
        self.state = LinkState.WAITING
        self.said: list[str] = []
        self.looked = 0
        self.flushed = True
        self.failure: Exception | None = None

    def command(self, op: str) -> None:
        self.said.append(op)

    def reading(self) -> list[int]:
        return []

    writing = receive = reading

    def timeout(self) -> float:
        return 0.01

    def look(self) -> None:
        self.looked += 1
        if self.failure is not None:
            raise self.failure

    def flush(self) -> None: ...

    def end(self) -> None:
        self.said.append("closed")


@pytest.fixture
def unlinked() -> Iterator[tuple[FarWithoutLink, Copy]]:
    far: Any = FarWithoutLink()
    copy = Copy("host", "id", far, object())
    thread = threading.Thread(target=copy.live, args=(None,))
    thread.start()
    yield far, copy
    thread.join(20)
    assert not thread.is_alive()


def test_the_wish_to_end_a_copy_is_kept_until_there_is_a_link(unlinked: tuple[FarWithoutLink, Copy]) -> None:
    far, copy = unlinked
    copy.kill()
    assert eventually(lambda: far.looked > 2)
    assert (copy.status, far.said) == ("killed", ["commit"])
    far.state = LinkState.UP
    assert copy.wait(20) == "killed"
    assert far.said == ["commit", "end", "closed"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_who_waits_for_a_copy_does_not_wait_for_ever(unlinked: tuple[FarWithoutLink, Copy]) -> None:
    far, copy = unlinked
    far.failure = ValueError("what the copy said")
    assert copy.wait(20) == "ended"
    assert far.said == ["commit", "closed"]


def test_a_copy_that_cannot_be_made_is_one_sentence(kernel: LabKernel) -> None:
    run = kernel.run("fork('no-such-host.invalid')")
    assert run.reply["content"]["traceback"] == [f"HostUnknown: {run.reply['content']['evalue']}"]
    run = kernel.run("fork(['local', 'no-such-host.invalid'], quiet=True)")
    assert run.reply["content"]["ename"] == "HostUnknown"
    assert ended(kernel)
    assert "1 to 1000" in kernel.run("fork([])").reply["content"]["evalue"]
