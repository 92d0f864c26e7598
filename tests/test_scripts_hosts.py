"""Scripts between hosts, over real ssh: the examples, there and home, a link that breaks, a move that fails."""

from __future__ import annotations

import re
import subprocess
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import psutil
import pytest
from lab import PASSWORD, Host, Lab

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
HEADER = "import os, socket, sys, time\nfrom pyteleport_jupyter import *\nfirst = os.getpid()\n"
SAID = re.compile(r"^\[(\S+)/(\d+)\] (.*)$", re.MULTILINE)


@contextmanager
def start(
    host: Host, text: str, *arguments: str, before: tuple[str, ...] = ()
) -> Iterator[subprocess.Popen[str]]:
    """Python on ``host`` with a script from its home directory; ``before`` is what starts Python."""
    script = host.outside(host.home) / "script.py"
    script.write_text(text)
    argv = host.command([*before, host.python, f"{host.home}/script.py", *arguments])
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        yield process
    script.unlink()


def words_of(process: psutil.Process) -> str:
    """Its command line, empty if it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def run(
    host: Host, text: str, *arguments: str, typed: str = "", before: tuple[str, ...] = ()
) -> tuple[int, str, str]:
    """Run a script to its end: status, stdout, stderr."""
    with start(host, text, *arguments, before=before) as process:
        out, err = process.communicate(typed, timeout=90)
    return process.returncode, out, err


@pytest.mark.parametrize("way", [("ssh", "cartesius"), ("ssh", "cartesius", "true;")])
def test_hi_and_bye(lab: Lab, leak_check: None, host_a: Host, host_b: Host, way: tuple[str, ...]) -> None:
    lab.need_own_systems()
    status, out, err = run(host_a, (EXAMPLES / "hi_bye.py").read_text(), *way)
    assert (status, err) == (0, "")
    assert [(host, text) for host, _, text in SAID.findall(out)] == [
        ("workbench", "hi"),
        ("cartesius", "bye"),
    ]


def test_nested(lab: Lab, leak_check: None, host_a: Host, host_b: Host) -> None:
    lab.need_own_systems()
    status, out, err = run(host_a, (EXAMPLES / "nested.py").read_text(), "ssh", "cartesius")
    assert (status, err) == (0, "")
    said = [(host, text) for host, _, text in SAID.findall(out)]
    assert said[:3] == [("workbench", f"{name} begins") for name in "abc"]
    assert said[3:] == [*(("cartesius", f"{name} ends") for name in "cba"), ("cartesius", "result: 87.5")]


def test_over_our_own_ssh_and_home_again(lab: Lab, leak_check: None, host_a: Host, host_b: Host) -> None:
    lab.need_own_systems()
    text = HEADER + textwrap.dedent("""
        for _ in range(2):
            teleport("cartesius")
            print(socket.gethostname(), os.getpid() != first, input())
            teleport("home")
            print(socket.gethostname(), os.getpid() == first, input())
        sys.exit(9)
    """)
    status, out, err = run(host_a, text, typed="1\n2\n3\n4\n")
    assert (status, err) == (9, "")
    assert out.splitlines() == [f"{('cartesius', 'workbench')[n % 2]} True {n + 1}" for n in range(4)]


def test_temporary_files_go_with_the_script(lab: Lab, leak_check: None, host_a: Host, host_b: Host) -> None:
    """It ends over there, and nothing is left on either host."""
    lab.need_own_systems()
    text = """
        import tempfile
        named, made = tempfile.NamedTemporaryFile('w+'), tempfile.TemporaryDirectory()
        _ = named.write('abc'), open(made.name + '/f', 'w').write('x')
        teleport('cartesius')
        _ = named.seek(0)
        print(socket.gethostname(), named.read(), os.listdir(made.name), named.name, made.name)
        """
    status, out, err = run(host_a, HEADER + textwrap.dedent(text))
    assert (status, err) == (0, "")
    host, read, listed, *paths = out.split()
    assert (host, read, listed) == ("cartesius", "abc", "['f']")
    assert not any(
        lab.host(name).outside(path).exists() for name in (host_a.name, host_b.name) for path in paths
    )


def test_nothing_but_python_is_needed_there(lab: Lab, leak_check: None, host_a: Host) -> None:
    lab.need_own_systems()
    with lab.nothing_left_on(lab.host("bare")):
        status, out, err = run(host_a, HEADER + "teleport('bare')\nprint(socket.gethostname())")
    assert (status, out, err) == (0, "bare\n", "")


def test_a_broken_link_is_made_anew(lab: Lab, leak_check: None, host_a: Host, host_b: Host) -> None:
    lab.need_own_systems()
    text = HEADER + textwrap.dedent("""
        teleport("cartesius")
        for number in range(30):
            print(number, socket.gethostname(), flush=True)
            time.sleep(0.1)
        print(input())
        sys.exit(3)
    """)
    with start(host_a, text) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0 cartesius\n"
        host_b.kill_connections()
        out, err = process.communicate("typed meanwhile\n", timeout=60)
    assert out.splitlines() == [*(f"{number} cartesius" for number in range(1, 30)), "typed meanwhile"]
    assert (process.returncode, err) == (3, "")


def test_a_command_is_run_again_where_its_link_broke(
    lab: Lab, leak_check: None, host_a: Host, host_b: Host
) -> None:
    lab.need_own_systems()
    text = HEADER + textwrap.dedent("""
        bash_teleport("ssh", "cartesius")
        print("there", flush=True)
        time.sleep(2)
        print(socket.gethostname())
    """)
    with start(host_a, text) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        host_b.kill_connections()
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "cartesius\n")


FAILURES = {
    "nowhere.invalid": "HostUnknown",
    "cartesius:1": "HostRefused",
}


@pytest.mark.parametrize("target", FAILURES)
def test_a_move_that_fails_leaves_the_script_here(
    lab: Lab, leak_check: None, host_a: Host, host_b: Host, target: str
) -> None:
    lab.need_own_systems()
    text = HEADER + textwrap.dedent(f"""
        try:
            teleport({target!r})
        except Exception as error:
            print(type(error).__name__)
        print(os.getpid() == first, input())
    """)
    status, out, err = run(host_a, text, typed="still mine\n")
    assert (status, err) == (0, "")
    assert out.splitlines() == [FAILURES[target], "True still mine"]


def test_the_far_side_ends_when_the_local_process_is_killed(
    lab: Lab, leak_check: None, host_a: Host, host_b: Host
) -> None:
    lab.need_own_systems()
    with start(
        host_a, HEADER + "teleport('cartesius', lease=1)\nprint('there', flush=True)\ntime.sleep(90)"
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        for each in host_a.processes():
            if "relay" in words_of(each):
                each.kill()
        process.communicate(timeout=30)
    deadline = time.monotonic() + 30
    while any("program" in words_of(each) for each in host_b.processes()):
        assert time.monotonic() < deadline
        time.sleep(0.1)


BY_PASSWORD = {
    "paramiko": "teleport('cartesius-password', via='paramiko')",
    "ssh": "teleport('cartesius-password', via='ssh')",
    "command": "bash_teleport('ssh', '-oUserKnownHostsFile=/dev/null', '-oStrictHostKeyChecking=ask', "
    "'cartesius-password')",
}


@pytest.mark.parametrize("way", BY_PASSWORD)
def test_a_password_is_asked_at_the_terminal(
    lab: Lab, leak_check: None, host_a: Host, host_b: Host, way: str
) -> None:
    lab.need_own_systems()
    script = host_a.outside(host_a.home) / "script.py"
    script.write_text(HEADER + f"{BY_PASSWORD[way]}\nprint('now on', socket.gethostname())")
    command, *arguments = host_a.command([host_a.python, f"{host_a.home}/script.py"])
    child = pexpect.spawn(command, arguments, encoding="utf-8", timeout=60)
    if way == "command":
        child.expect("(?s)SHA256.*continue connecting")
        child.sendline("yes")
    child.expect("(?i)password")
    child.sendline(PASSWORD)
    child.expect("now on cartesius")
    assert PASSWORD not in child.before
    child.expect(pexpect.EOF)
    child.close()
    script.unlink()
    assert child.exitstatus == 0


def test_where_there_is_no_terminal_a_sentence_says_what_was_asked(
    lab: Lab, leak_check: None, host_a: Host, host_b: Host
) -> None:
    lab.need_own_systems()
    text = HEADER + textwrap.dedent("""
        try:
            bash_teleport("ssh", "cartesius-password")
        except Exception as error:
            print(type(error).__name__, error)
    """)
    status, out, err = run(host_a, text, before=("setsid", "--wait"))
    assert (status, err) == (0, "")
    assert out.startswith('QuestionUnanswered ssh cartesius-password asks "bob@')
    assert 'password:" and got no answer. The session goes on here.' in out
