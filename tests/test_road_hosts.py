"""Hosts that are not plain: odd login shells, noise, forwarding forbidden; and what must be asked on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lab import PASSWORD, CellRun, Host, Lab, LabKernel

MOVE = "%load_ext pyteleport_jupyter\nimport os, socket\nbefore = os.getpid()\n%teleport {target}\n"
WHERE = "socket.gethostname(), os.getpid() != before"


@pytest.fixture
def kernel(kernel_on: Callable[[Host], LabKernel], host_a: Host) -> LabKernel:
    """A kernel on the notebook's host."""
    return kernel_on(host_a)


def answered(kernel: LabKernel, code: str, *answers: str) -> tuple[CellRun, list[dict[str, object]]]:
    """Run ``code`` and answer what it asks; returns the run and the questions."""
    request = kernel.client.execute(code, allow_stdin=True)
    asked = []
    for answer in answers:
        question = kernel.client.get_stdin_msg(timeout=60)
        asked.append(question["content"])
        kernel.client.input(answer)
    return kernel.finish(request), asked


@pytest.mark.parametrize("name", ["csh", "fish", "zsh", "noisy", "noisy-csh", "strict", "banner", "huygens"])
def test_odd_hosts_do_no_harm(lab: Lab, kernel: LabKernel, name: str) -> None:
    lab.need_own_systems()
    with lab.nothing_left_on(lab.host(name)):
        run = kernel.execute(MOVE.format(target=name) + WHERE)
        assert run.error is None
        assert run.result == f"('{name}', True)"
        assert run.text() == run.text("stderr") == ""
        kernel.close()


def test_through_a_jump_host(lab: Lab, kernel: LabKernel, host_b: Host) -> None:
    lab.need_own_systems()
    run = kernel.execute(MOVE.format(target="cartesius-jump") + WHERE)
    assert run.result == "('cartesius', True)", run.error


@pytest.mark.parametrize("via", ["paramiko", "ssh"])
def test_a_password_is_asked_in_the_notebook_and_not_shown(
    lab: Lab, kernel: LabKernel, host_b: Host, via: str
) -> None:
    lab.need_own_systems()
    code = MOVE.format(target=f"cartesius-password --via {via}") + WHERE
    run, asked = answered(kernel, code, PASSWORD)
    assert run.result == "('cartesius', True)", run.error
    assert asked == [{"prompt": "bob@cartesius-password's password: ", "password": True}] or via == "ssh"
    assert [question["password"] for question in asked] == [True]
    assert PASSWORD not in repr(run.messages)


def test_an_unknown_host_key_is_shown_and_asked(lab: Lab, kernel: LabKernel, host_b: Host) -> None:
    lab.need_own_systems()
    code = MOVE.format(target="cartesius-unknown") + WHERE
    run, asked = answered(kernel, code, "no")
    assert run.error is not None
    assert run.error.startswith("HostKeyUnknown: The key of cartesius-unknown (ED25519 SHA256:")
    assert "SHA256:" in str(asked[0]["prompt"])
    assert kernel.execute("socket.gethostname()").result == "'workbench'"
    run, asked = answered(kernel, code, "yes")
    assert run.result == "('cartesius', True)", run.error


def test_the_setup_line_and_a_named_python_choose_the_interpreter(
    lab: Lab, kernel: LabKernel, host_b: Host
) -> None:
    lab.need_own_systems()
    setup = "echo noise; export CHOSEN=yes"
    code = MOVE.format(target=f"cartesius --python {host_b.python} --setup '{setup}'")
    run = kernel.execute(code + "socket.gethostname(), os.environ.get('CHOSEN')")
    assert run.result == "('cartesius', 'yes')", run.error


def test_no_secret_can_be_seen_by_others(lab: Lab, kernel: LabKernel, host_b: Host) -> None:
    """Command lines, environments and runtime files on both hosts, while the session lives there."""
    lab.need_own_systems()
    run = kernel.execute(MOVE.format(target="cartesius") + WHERE)
    assert run.error is None
    key = kernel.manager.session.key.decode()
    for host in (kernel.host, host_b):
        for process in lab.processes(host):
            assert key not in " ".join(process.cmdline())
            assert key not in repr(process.environ())
            inet = [c for c in process.net_connections("inet") if c.status == "LISTEN"]
            assert host is kernel.host or inet == []
