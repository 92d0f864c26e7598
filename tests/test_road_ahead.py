"""A session that leaves while it is being packed: it arrives whole, and where it must not leave nothing has."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from inventory_kernels import LocalKernel, environment_in

SECONDS = 60.0

SETUP = """
import threading, time
def until(done):
    deadline = time.monotonic() + 60
    while not done() and time.monotonic() < deadline:
        time.sleep(0.01)
    return done()
def thread(name):
    return next((each for each in threading.enumerate() if each.name == name), None)
class Landed:
    def __getstate__(self):
        return {"there": until(lambda: thread("approach") is None)}
class Sent:
    def __getstate__(self):
        def gone():
            ahead = thread("sending-ahead")
            return ahead is not None and bool(ahead._survey) and not ahead._pieces
        return {"ahead": until(gone)}
class Slow:
    def __getstate__(self):
        print("packing", flush=True)
        time.sleep(60)
landed = Landed()
long = [f"entry {n}" for n in range(500_000)]
buffer = bytearray(b"x" * 3_000_000)
sent = Sent()
"""
CHECK = "\nprint(sent.ahead, len(long), long[-1], buffer == b'x' * 3_000_000, landed.there)"
WHOLE = "True 500000 entry 499999 True True\n"


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[LocalKernel]:
    with LocalKernel(tmp_path) as started:
        assert not started.run(SETUP).error
        yield started


def nothing_stays(folder: Path) -> bool:
    """Whether the directories of all sessions that came here have gone, or go soon."""
    deadline = time.monotonic() + SECONDS
    while found := list(folder.glob("cache/pyteleport/*/kernel.json")):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return not found


def test_it_arrives_whole(kernel: LocalKernel) -> None:
    moved = kernel.run("import os\nhere = os.getpid()\n%teleport local\nprint(os.getpid() != here)" + CHECK)
    assert not moved.error
    assert moved.text == "True\n" + WHOLE
    home = kernel.run(
        "del landed, sent\nbuffer[0:1] = b'y'\n%teleport home\nprint(os.getpid() == here, bytes(buffer[:2]), long[7])"
    )
    assert home.text == "True b'yx' entry 7\n"


def test_what_cannot_move_is_refused_and_a_stop_ends_it(kernel: LocalKernel, tmp_path: Path) -> None:
    refused = kernel.run("import socket\nline = socket.socket()\n%teleport local\nprint('went on')")
    assert "line: socket.socket" in refused.error
    assert "went on" not in refused.text
    assert nothing_stays(tmp_path)

    request = kernel.client.execute(
        "line.close()\ndel line\nslow = Slow()\n%teleport local\nprint('went on')"
    )
    heard = ""
    while "packing" not in heard:
        message = kernel.client.get_iopub_msg(timeout=SECONDS)
        heard += message["content"].get("text", "")
    kernel.process.send_signal(2)
    error = ""
    while True:
        message = kernel.client.get_iopub_msg(timeout=SECONDS)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "error":
            error = message["content"]["evalue"]
        if message["content"].get("execution_state") == "idle":
            break
    assert "was stopped" in error
    assert nothing_stays(tmp_path)

    # Nested too deeply for the first pickler: what was sent is void, and all is sent over a second link.
    moved = kernel.run("del slow\ndeep = []\nfor _ in range(20_000): deep = [deep]\n%teleport local" + CHECK)
    assert not moved.error
    assert moved.text == WHOLE
    depth = kernel.run("depth = 0\nwhile deep: deep, depth = deep[0], depth + 1\nprint(depth)")
    assert depth.text == "20000\n"


BEGUN = """
import thinglib
thing = thinglib.Thing()
def begun():
    ahead = thread("sending-ahead")
    return ahead is not None and bool(ahead._survey)
Sent.__getstate__ = lambda self: {"ahead": until(begun)}
"""


@pytest.mark.nightly
def test_an_unfit_target_is_refused_as_ever(tmp_path: Path) -> None:
    here = environment_in(tmp_path / "here", thinglib="1.0")
    without, other = environment_in(tmp_path / "without"), environment_in(tmp_path / "other", thinglib="2.0")
    with LocalKernel(tmp_path, here) as started:
        assert not started.run(SETUP + BEGUN).error
        assert "lacks thinglib" in started.run(f"%teleport local --python {without}").error
        assert "thinglib 2.0 (here 1.0)" in started.run(f"%teleport local --python {other}").error
        assert nothing_stays(tmp_path)
        moved = started.run(f"%teleport local --anyway --python {other}\nprint(thing.version())" + CHECK)
        assert moved.text == "2.0\n" + WHOLE
