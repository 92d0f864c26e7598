"""The lab itself: hosts are what they claim to be, faults do what they say, and the leak check sees what is
left.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lab import NOTEBOOK, PASSWORD, SPECIFICATIONS, TARGET, Direction, Host, Lab, LabKernel, LeftBehind
from lab.python_home import CHECKOUT
from lab.state_directory import remove_abandoned

SYSTEM = """import os, pwd, socket
print(socket.gethostname(), pwd.getpwuid(os.getuid()).pw_name, os.environ['HOME'])
"""


def ssh(lab: Lab, alias: str, command: str, *options: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a command by the real ssh client, from pytest's side."""
    argv = ["ssh", "-F", str(lab.ssh_config), *options, "-o", "BatchMode=yes", alias, command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, **more)


def test_hosts_have_names_users_and_homes_of_their_own(lab: Lab, host_a: Host, host_b: Host) -> None:
    lab.need_own_systems()
    said = [lab.run_inside(h, [h.python, "-c", SYSTEM]).stdout.split() for h in (host_a, host_b)]
    assert said == [["workbench", "alice", "/home/alice"], ["cartesius", "bob", "/home/bob"]]


def test_each_host_sees_only_its_own_processes(lab: Lab, host_a: Host, host_b: Host) -> None:
    lab.need_own_systems()
    with lab.popen_inside(host_a, ["sleep", "600"]) as sleeper:
        wait_until(lambda: any(p.name() == "sleep" for p in lab.processes(host_a)))
        assert not any(p.name() == "sleep" for p in lab.processes(host_b))
        assert "sleep" not in lab.run_inside(host_b, ["ps", "-e", "-o", "comm"]).stdout
        kill_guests(host_a)
        assert sleeper.wait(10) == -9


def test_ssh_from_host_a_reaches_host_b(lab: Lab, host_a: Host, host_b: Host) -> None:
    lab.need_own_systems()
    done = lab.run_inside(host_a, ["ssh", TARGET.name, "hostname; whoami; command -v python3"])
    assert done.stdout.split() == ["cartesius", "bob", "/home/software/python/bin/python3"]


def test_ssh_from_pytest_reaches_host_b(lab: Lab, host_b: Host) -> None:
    done = ssh(lab, TARGET.name, "echo $HOME")
    assert (done.returncode, done.stdout.strip()) == (0, host_b.home), done.stderr


def test_only_host_a_has_our_package(lab: Lab, host_a: Host, host_b: Host) -> None:
    names = ("pyteleport_jupyter", "ipykernel")
    finds = f"import importlib.util as u; print([bool(u.find_spec(n)) for n in {names}])"
    said = [lab.run_inside(h, [h.python, "-c", finds]).stdout.strip() for h in (host_a, host_b)]
    assert said == ["[True, True]", "[False, True]"]


@pytest.mark.parametrize(
    ("alias", "complaint"),
    [
        ("cartesius-unknown", "Host key verification failed"),
        ("cartesius-changed", "REMOTE HOST IDENTIFICATION HAS CHANGED"),
        ("cartesius-refused", "Permission denied"),
        ("cartesius-password", "Permission denied"),
        ("cartesius-closed", "Connection refused"),
    ],
)
def test_aliases_that_must_fail(lab: Lab, host_b: Host, alias: str, complaint: str) -> None:
    lab.need_own_systems()
    done = ssh(lab, alias, "true", "-o", "StrictHostKeyChecking=yes")
    assert done.returncode == 255
    assert complaint in done.stderr


def test_password_login(lab: Lab, host_b: Host, tmp_path: Any) -> None:
    lab.need_own_systems()
    answer = tmp_path / "answer"
    answer.write_text(f"#!/bin/sh\necho {PASSWORD}\n")
    answer.chmod(0o700)
    environment = {"SSH_ASKPASS": str(answer), "SSH_ASKPASS_REQUIRE": "force", "PATH": "/usr/bin:/bin"}
    done = ssh(lab, "cartesius-password", "whoami", "-o", "BatchMode=no", env=environment)
    assert done.stdout.strip() == "bob", done.stderr


def test_jump_through_the_notebook_host(lab: Lab, host_a: Host, host_b: Host) -> None:
    lab.need_own_systems()
    done = lab.run_inside(host_a, ["ssh", "cartesius-jump", "echo $SSH_CLIENT"])
    assert done.stdout.split()[0] == host_a.ip


@pytest.mark.parametrize("name", sorted(SPECIFICATIONS.keys() - {NOTEBOOK.name, TARGET.name}))
def test_every_variant_comes_up(lab: Lab, name: str) -> None:
    lab.need_own_systems()
    host = lab.host(name)
    done = ssh(lab, name, "exec /bin/sh -c 'echo here; hostname'")
    assert done.stdout.split()[-2:] == ["here", name], done.stderr
    assert ("Welcome" in done.stdout) == SPECIFICATIONS[name].noisy
    assert host.user == SPECIFICATIONS[name].user


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("bare", "import ipykernel", "ModuleNotFoundError"),
        ("spare", "import ipykernel, numpy", "ModuleNotFoundError"),
        ("nopython", "", "not found"),
    ],
)
def test_what_variants_lack(lab: Lab, name: str, code: str, said: str) -> None:
    lab.need_own_systems()
    lab.host(name)
    done = ssh(lab, name, f"python3 -c '{code}'")
    assert done.returncode != 0
    assert said in done.stderr


def test_the_small_disk_is_full_after_a_megabyte(lab: Lab) -> None:
    lab.need_own_systems()
    lab.host("small")
    done = ssh(lab, "small", "head -c 2000000 /dev/zero > big; rm big")
    assert "No space left on device" in done.stderr


def test_a_cut_holds_data_back_and_healing_delivers_it(lab: Lab, host_a: Host, host_b: Host) -> None:
    lab.need_own_systems()
    argv = ["ssh", "-o", "ServerAliveInterval=0", TARGET.name, "cat"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}
    with lab.popen_inside(host_a, argv, **pipes) as echo:
        assert talk(echo, b"before\n") == b"before\n"
        lab.cut(host_b)
        assert ssh(lab, TARGET.name, "true", "-o", "ConnectTimeout=1").returncode == 255
        lab.heal(host_b)
        assert talk(echo, b"after\n") == b"after\n"
        echo.stdin.close() if echo.stdin else None
        assert echo.wait(20) == 0


def test_killed_connections_end_the_client(lab: Lab, host_b: Host) -> None:
    argv = ["ssh", "-F", str(lab.ssh_config), TARGET.name, "cat"]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as echo:
        assert talk(echo, b"here\n") == b"here\n"
        lab.kill_connections(host_b)
        assert echo.wait(20) == 255


def test_the_fault_proxy_delays_and_resets(lab: Lab, host_b: Host) -> None:
    with lab.fault_proxy(TARGET.name) as proxy:
        done = ssh(lab, "cartesius-faulty", "hostname")
        assert done.stdout.strip() == "cartesius", done.stderr
        proxy.reset_after(Direction.TO_CLIENT, 500)
        assert ssh(lab, "cartesius-faulty", "hostname").returncode == 255


def test_leftovers_sees_a_planted_process_file_and_socket(lab: Lab, host_b: Host) -> None:
    before = lab.traces(host_b)
    listen = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); open('planted', 'x'); print(flush=True)"
    )
    listen += "; input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with lab.popen_inside(host_b, [host_b.python, "-c", listen], **pipes) as planted:
        assert planted.stdout is not None
        planted.stdout.readline()
        kinds = [line.split()[0] for line in lab.leftovers(host_b, before, seconds=0)]
        assert kinds == ["process", "file", "socket"]
        planted.communicate(b"\n", timeout=10)
    host_b.outside(f"{host_b.home}/planted").unlink()
    assert lab.leftovers(host_b, before) == []


@pytest.mark.xfail(
    strict=True, raises=LeftBehind, reason="the check must fail where something is left behind"
)
def test_the_leak_check_bites(lab: Lab, host_b: Host) -> None:
    planted = host_b.outside(f"{host_b.home}/left-on-purpose")
    try:
        with lab.nothing_left_on(host_b, seconds=0):
            planted.write_text("x")
    finally:
        planted.unlink()


def test_terminals_work(lab: Lab, host_a: Host) -> None:
    lab.need_own_systems()
    tmux = ["tmux", "-L", "lab", "-f", "/dev/null"]
    lab.run_inside(host_a, [*tmux, "new-session", "-d", "tty; sleep 600"])
    shown = [*tmux, "capture-pane", "-p"]
    wait_until(lambda: "/dev/pts/" in lab.run_inside(host_a, shown).stdout)
    lab.run_inside(host_a, [*tmux, "kill-server"])


def test_a_kernel_gets_more_environment(kernel_on: Callable[..., LabKernel], host_a: Host) -> None:
    kernel = kernel_on(host_a, {"TELEPORT_TEST": "yes"})
    assert kernel.execute("import os; os.environ['TELEPORT_TEST']").result == "'yes'"


BRIEF_LAB = """
import sys
from lab import Lab
lab = Lab(sys.argv[1], sys.exit)
host = lab.host("cartesius")
print(lab.directory, getattr(host, "pid", 0), flush=True)
sys.stdin.readline()
lab.close()
"""


@pytest.fixture
def brief_lab(lab: Lab) -> Iterator[subprocess.Popen[str]]:
    """Another process with a lab of its own."""
    argv = [sys.executable, "-c", BRIEF_LAB, lab.mode]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "tests")}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(argv, env=environment, **pipes) as owner:
        yield owner
        owner.kill()


def test_a_closed_lab_leaves_nothing(lab: Lab, brief_lab: subprocess.Popen[str]) -> None:
    directory, pid = said_by(brief_lab)
    assert os.path.exists(directory)
    brief_lab.communicate("\n", timeout=60)
    assert brief_lab.returncode == 0
    assert not os.path.exists(directory)
    assert not pid or not os.path.exists(f"/proc/{pid}")


def test_a_killed_lab_leaves_nothing_but_files_and_those_go_with_the_next(
    lab: Lab, brief_lab: subprocess.Popen[str]
) -> None:
    lab.need_own_systems()
    directory, pid = said_by(brief_lab)
    brief_lab.kill()
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"))
    remove_abandoned()
    assert not os.path.exists(directory)
    assert lab.directory.exists()


def said_by(owner: subprocess.Popen[str]) -> tuple[str, int]:
    """(folder, process id of the host) of another lab."""
    assert owner.stdout is not None
    directory, pid = owner.stdout.readline().split()
    return directory, int(pid)


def talk(process: subprocess.Popen[bytes], line: bytes) -> bytes:
    """Send a line, get one back."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line)
    process.stdin.flush()
    return process.stdout.readline()


def kill_guests(host: Host) -> None:
    """Kill everything a host runs apart from its sshd."""
    for process in host.processes():
        process.kill()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another process will do soon."""
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)


def test_a_kernel_on_host_a_runs_as_alice(kernel_on: Callable[[Host], LabKernel], host_a: Host) -> None:
    kernel = kernel_on(host_a)
    run = kernel.execute(f"{SYSTEM}\n6 * 7")
    assert (run.result, run.error) == ("42", None)
    assert run.text().split()[-1] == host_a.home


def test_a_kernel_on_host_a_is_interrupted_restarted_and_shut_down(
    kernel_on: Callable[[Host], LabKernel], host_a: Host, lab: Lab
) -> None:
    kernel = kernel_on(host_a)
    request = kernel.client.execute("print('sleeping'); import time; time.sleep(600)")
    while kernel.client.get_iopub_msg(timeout=20)["header"]["msg_type"] != "stream":
        pass
    kernel.manager.interrupt_kernel()
    assert kernel.finish(request).error == "KeyboardInterrupt: "
    kernel.manager.restart_kernel()
    kernel.client.wait_for_ready(timeout=60)
    assert kernel.execute("'time' in globals()").result == "False"
    kernel.manager.shutdown_kernel()
    wait_until(lambda: not lab.processes(host_a))
