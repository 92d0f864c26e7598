"""What stays behind, what is left out and what is installed, in moves of a real kernel to a process beside it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from inventory_kernels import ROOT, LocalKernel, environment_in, give_pip, wheel_in

SOCKET = "import os, socket\na = {'deep': [1, {'s': socket.socket()}]}\nhere = os.getpid()\n"
AFTER = "\nprint(os.getpid() != here)\n"


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[LocalKernel]:
    with LocalKernel(tmp_path) as started:
        yield started


def test_what_cannot_move_stops_the_move_or_stays(kernel: LocalKernel) -> None:
    kernel.run(SOCKET)
    refused = kernel.run("%teleport local")
    assert "ObjectsRefused" in refused.error
    assert "a['deep'][1]['s']: socket.socket, a network connection stays with this process" in refused.error
    assert "--leave" in refused.error
    moved = kernel.run("%teleport local --leave" + AFTER + "a['deep'][1]['s'].send(b'x')")
    assert moved.text == "True\n"
    assert "1 object stays on " in moved.shown[-1]
    assert moved.shown[-1].startswith("teleported to ")
    assert "a['deep'][1]['s'], a socket.socket, was left behind on" in moved.error
    assert "pyteleport_jupyter/" not in moved.error
    assert "LeftBehind" in moved.error
    (row,) = kernel.run(
        "from pyteleport_jupyter import plan\n"
        "print([(row.name, row.path) for row in plan('local').stays], a['deep'][0])"
    ).text.splitlines()
    assert row == "[] 1"


def test_what_the_running_code_is_using_cannot_stay(kernel: LocalKernel) -> None:
    kernel.run(SOCKET)
    refused = kernel.run("with socket.socket() as connection:\n    %teleport local --leave")
    assert "ObjectsRefused" in refused.error
    assert kernel.run("print(os.getpid() == here)").text == "True\n"


def test_names_are_left_out(kernel: LocalKernel) -> None:
    kernel.run("import os\ndf_a, df_b, model = [1], [2], [3]\nhere = os.getpid()\ndef f(): return model")
    kernel.run("df_a")
    needed = kernel.run("%teleport local --exclude df_*\nprint(df_a)")
    assert "df_a cannot be left out with --exclude: the running cell still uses it" in needed.error
    assert "no variable is called so" in kernel.run("%teleport local --exclude dg_*").error
    assert kernel.run("%teleport local --exclude df_*" + AFTER + "print(f())").text == "True\n[3]\n"
    assert "left out with --exclude" in kernel.run("df_a[0]").error
    assert "1" not in kernel.run("print(Out)").text.replace("<left behind", "")


def test_only_some_names_travel(kernel: LocalKernel) -> None:
    kernel.run("import os\na, b, c = [1], [2], [3]\nhere = os.getpid()\ndef f(): return a")
    needed = kernel.run("%teleport local --only a,b" + AFTER)
    assert "here cannot be left out with --only: the running cell still uses it" in needed.error
    moved = kernel.run("%teleport local --only a,here" + AFTER + "print(f(), 'b' in globals())")
    assert moved.text == "True\n[1] False\n"


def test_much_over_a_slow_link_is_asked_about(kernel: LocalKernel, tmp_path: Path) -> None:
    kernel.run("import os\nhere = os.getpid()\nx = bytes(3_000_000)")
    cache = tmp_path / "cache" / "pyteleport-jupyter"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "rates.json").write_text(json.dumps({"local": 1e5}))
    alone = kernel.run("%teleport local --limit 1MB")
    assert re.search(r"at 100.0 kB/s, which takes about \d+ s", alone.error)
    assert "--limit none" in alone.error
    assert "TooLarge" in kernel.run("%teleport local --limit 1MB", answer="n").error
    assert kernel.run("%teleport local --limit 1MB" + AFTER, answer="y").text == "True\n"


def test_a_minor_version_is_told_and_another_major_one_refuses_unless_anyway(tmp_path: Path) -> None:
    here = environment_in(tmp_path / "here", gadget="2.1", gizmo="1.2")
    there = environment_in(tmp_path / "there", gadget="1.9", gizmo="1.3")
    with LocalKernel(tmp_path, here) as kernel:
        kernel.run("import os, gizmo\nhere = os.getpid()\npart = gizmo.Thing()")
        moved = kernel.run(f"%teleport local --python {there}" + AFTER + "print(part.version())")
        assert moved.text == "True\n1.3\n", moved.error
        assert re.search(r"other versions on .*: gizmo 1\.3 \(here 1\.2\)", moved.shown[-1]), moved.shown[-1]
        assert not kernel.run("%teleport home").error
        kernel.run("import gadget\nthing = gadget.Thing()")
        refused = kernel.run(f"%teleport local --python {there}")
        assert "VersionsDiffer" in refused.error
        assert "gadget 1.9 (here 2.1)" in refused.error
        moved = kernel.run(f"%teleport local --python {there} --anyway" + AFTER + "print(thing.version())")
        assert moved.text == "True\n1.9\n"
        assert "other versions on" in moved.shown[-1]
        assert "gadget 1.9 (here 2.1)" in moved.shown[-1]


def check_without_wheel(kernel: LocalKernel, wheels: Path, there: str) -> None:
    missing = kernel.run(f"%teleport local --python {there}")
    assert "lacks gadget" in missing.error
    assert "--install does" in missing.error
    (wheel,) = wheels.iterdir()
    away = wheel.rename(wheels.parent / wheel.name)
    failed = kernel.run(f"%teleport local --python {there} --install")
    assert "InstallFailed" in failed.error
    assert "gadget" in failed.error
    away.rename(wheel)


@pytest.mark.parametrize(
    ("options", "installer"), [("--install", ""), ("--install", "pip"), ("--fresh-env", "")]
)
def test_what_is_missing_is_installed(tmp_path: Path, options: str, installer: str) -> None:
    here = environment_in(tmp_path / "here", gadget="2.1")
    there = environment_in(tmp_path / "there")
    wheels = tmp_path / "wheels"
    wheel_in(wheels, "gadget", "2.1")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    offline |= {"UV_OFFLINE": "1", "UV_FIND_LINKS": str(wheels), "UV_CACHE_DIR": str(tmp_path / "uv")}
    if installer == "pip":
        offline |= give_pip(there)
    with LocalKernel(tmp_path, here, **offline) as kernel:
        kernel.run("import os, sys, gadget\nhere = os.getpid()\nthing = gadget.Thing()")
        if options == "--install" and not installer:
            check_without_wheel(kernel, wheels, there)
        moved = kernel.run(f"%teleport local --python {there} {options}" + AFTER + "print(thing.version())")
        assert moved.text == "True\n2.1\n", moved.error
        assert any("install gadget==2.1" in text for text in moved.shown)
        prefix = kernel.run("print(sys.prefix, gadget.__file__)").text.split()
        expected = tmp_path / ("there" if options == "--install" else "cache")
        assert all(path.startswith(str(expected)) for path in prefix)


PROGRAM = """import os, socket
from pyteleport_jupyter import fork, parent, plan, teleport
connection, big, here = socket.socket(), [1], os.getpid()
print([row.name for row in plan("local").stays])
copy = fork("local", leave=True)
if copy is None:
    parent().send([connection])
else:
    print(copy.recv(timeout=30)[0] is connection, copy.wait())
    teleport("local", leave=True, exclude="big", only=["connection", "here", "copy"])
    print(os.getpid() != here, type(connection).__name__, "left out" in repr(globals()["big"]))
"""


def test_programs_leave_behind_too_and_get_back_what_lives(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "program.py"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90)
    assert ran.stdout == "['connection']\nTrue 0\nTrue Tombstone True\n", ran.stderr


def test_the_plan_looks_into_own_modules_as_the_move_does(kernel: LocalKernel, tmp_path: Path) -> None:
    (tmp_path / "own_with_socket.py").write_text("import socket\nCONNECTION = socket.socket()\n")
    kernel.run(f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport own_with_socket")
    rows = "[(row.name, row.verdict) for row in plan() if 'CONNECTION' in (row.name + row.path)]"
    planned = kernel.run(f"from pyteleport_jupyter import plan\nprint({rows})").text
    assert "'stays'" in planned
    refused = kernel.run("%teleport local").error
    assert "CONNECTION" in refused
    kernel.run("own_with_socket.CONNECTION.close()\ndel own_with_socket, sys.modules['own_with_socket']")
