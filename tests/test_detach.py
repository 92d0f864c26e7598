"""A session that goes on without its notebook: the kernel here is a fresh one, and whatever is sent meanwhile
is for that one.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest
from relay_lab import LabKernel, answer_to, eventually, lab_kernel, marked_processes, result

SECONDS = 60


@pytest.fixture
def kernel() -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        yield kernel


def session_of(kernel: LabKernel) -> str:
    found = re.search(r"; session (\w+)", kernel.run("%teleport").text())
    assert found
    return found[1]


def test_what_is_sent_right_after_it_runs_in_the_fresh_kernel(kernel: LabKernel) -> None:
    kernel.run("%load_ext pyteleport_jupyter\nimport os; os.environ['MARKED'] = '1'\n%teleport local -q")
    name = session_of(kernel)
    request = kernel.client.execute("%teleport detach")
    told = ""
    while "This kernel is fresh" not in told:
        told += str(kernel.client.get_iopub_msg(timeout=SECONDS)["content"].get("text", ""))
    # It has not been answered yet, nor has the process become anything else.
    asked = [kernel.client.execute(f"{n}, 'os' in globals()") for n in range(20)]
    answers = [answer_to(kernel.client, each, SECONDS) for each in asked]
    assert [result(each) for each in answers] == [f"({n}, False)" for n in range(20)]
    assert request
    fresh = kernel.run("import os\n(os.getpid(), os.environ.get('MARKED'), len(get_ipython().user_ns['In']))")
    assert result(fresh) == f"({kernel.pid}, None, 22)"
    kernel.run("%load_ext pyteleport_jupyter")
    assert "is ended" in kernel.run(f"%teleport kill {name}").text()
    assert eventually(
        lambda: not [w for w in marked_processes(kernel.mark).values() if "package.zip" in w], SECONDS
    )
    assert result(kernel.run("%teleport local -q\nos.getpid() == " + str(kernel.pid))) == "False"
    assert result(kernel.run("%teleport home -q\nos.getpid() == " + str(kernel.pid))) == "True"


def test_what_was_taken_up_is_told_once_and_goes_on_from_there_but_has_no_home_here(
    kernel: LabKernel,
) -> None:
    kernel.run("%load_ext pyteleport_jupyter\nimport os, sys\nx = [1]\n%teleport local -q")
    name = session_of(kernel)
    kernel.run("%teleport detach")
    assert kernel.run("%load_ext pyteleport_jupyter").status == "ok"
    # A message that comes twice has a signature that was there, which clients refuse.
    assert kernel.run(f"%teleport attach {name}").status == "ok"
    refused = kernel.run("%teleport home").reply["content"]["evalue"]
    assert "taken up here by attach" in refused
    there = result(kernel.run("os.getpid()"))
    assert kernel.run('%teleport "cmd:sh -c" -q --python ' + shlex.quote(sys.executable)).status == "ok"
    assert result(kernel.run(f"x, os.getpid() in ({there}, {kernel.pid})")) == "([1], False)"
    assert "taken up here by attach" in kernel.run("%teleport home -q").reply["content"]["evalue"]
    assert result(kernel.run("x")) == "[1]"


def test_where_the_process_stayed_a_pump_it_ends_and_the_session_goes_on(kernel: LabKernel) -> None:
    kernel.run("%load_ext pyteleport_jupyter\nfrom pyteleport_jupyter import relay")
    kernel.run("relay.check_kernel = lambda kernel: 'in this test'\n%teleport local -q")
    name = session_of(kernel)
    run = kernel.run("%teleport detach")
    assert run.status == "ok"
    assert "the session goes on" in run.text("stderr")
    # Whoever started it starts a fresh one, as after any kernel's end.
    assert kernel.ends_within(SECONDS)
    command = [sys.executable, "-m", "pyteleport_jupyter.command_line", "kill", f"local/{name}"]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(kernel.runtime), "TMPDIR": str(kernel.directory)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert f"session {name} on local is ended" in ended.stdout, ended


def test_a_copy_is_taken_up_by_its_name(kernel: LabKernel) -> None:
    kernel.run("%load_ext pyteleport_jupyter\nimport os; x = 1; pid = os.getpid()")
    run = kernel.run("copy = %teleport --fork local -q\nif copy is None: x = 2\nelse: copy.wait(60)")
    assert run.status == "ok"
    name = result(kernel.run("copy.id")).strip("'")
    assert kernel.run(f"%teleport attach --discard {name}").status == "ok"
    assert result(kernel.run("x, os.getpid() == pid")) == "(2, False)"
