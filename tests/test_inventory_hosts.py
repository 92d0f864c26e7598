"""Moves to another host over ssh, which has other files: what turns out there, what is hostile, what is logged."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from lab import NOTEBOOK, TARGET, CellRun, Lab, LabKernel

OPEN = """
%load_ext pyteleport_jupyter
import logging, os, pathlib, socket
folder = pathlib.Path(f"/tmp/inventory-{os.getpid()}"); folder.mkdir()
f = open(folder / "results", "w"); _ = f.write("one ")
log = logging.getLogger("mine"); log.addHandler(logging.FileHandler(folder / "log"))
"""
WRITE = """
log.warning('there'); _ = f.write('two '); f.flush()
socket.gethostname(), (folder / 'results').read_text(), (folder / 'log').read_text()
"""
CLEAN = "import shutil; shutil.rmtree(folder, ignore_errors=True)"


@pytest.fixture(scope="module")
def kernel(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabKernel]:
    """On the notebook's host, which shares no files with the target. Each test ends there."""
    lab.need_own_systems()
    here, there = lab.host(NOTEBOOK.name), lab.host(TARGET.name)
    with lab.nothing_left_on(here, there):
        started = LabKernel(here, tmp_path_factory.mktemp("kernel"))
        yield started
        started.close()


def value(run: CellRun) -> object:
    assert run.error is None, run.error
    return ast.literal_eval(run.result or "None")


def test_files_and_logs_go_along_or_are_left(kernel: LabKernel) -> None:
    assert kernel.execute(OPEN).error is None
    check_refused(kernel)
    plan = kernel.execute("%teleport plan cartesius").of_type("display_data")[0]["data"]["text/plain"]
    assert "logs go on there, behind what is in them there: /tmp/inventory-" in plan
    there = kernel.execute("log.warning('here')\n%teleport cartesius --with-files\n" + WRITE)
    assert value(there) == ("cartesius", "one two ", "here\nthere\n")
    assert there.text("stderr") == ""
    home = kernel.execute("%teleport home --with-files\n" + WRITE)
    assert value(home) == ("workbench", "one two two ", "here\nthere\n")
    check_left(kernel)
    assert value(kernel.execute(f"{CLEAN}\n%teleport home\n{CLEAN}; socket.gethostname()")) == "workbench"


def check_refused(kernel: LabKernel) -> None:
    refused = kernel.execute("%teleport cartesius")
    assert refused.error is not None
    assert "f could not be rebuilt: it is open for writing, and /tmp/inventory-" in refused.error
    assert "results is no file there; --leave (leave=True) goes without it" in refused.error
    in_use = kernel.execute("with open(folder / 'other', 'w') as g:\n    %teleport cartesius --leave")
    assert in_use.error is not None
    assert "is no file there" in in_use.error


def check_left(kernel: LabKernel) -> None:
    moved = kernel.execute("log.handlers.clear()\n%teleport cartesius --leave\nsocket.gethostname()")
    assert value(moved) == "cartesius"
    assert "pyteleport: f stayed on workbench: it is open for writing, and /tmp/inventory-" in moved.text(
        "stderr"
    )
    used = kernel.execute("f.write('three')")
    assert used.error is not None
    assert used.error.startswith("LeftBehind: f, a _io.TextIOWrapper, was left behind on workbench")


HOSTILE = """
%load_ext pyteleport_jupyter
import os, socket
class Lies:
    def __reduce__(self): return 7
class Raises:
    def __reduce__(self): raise KeyError('no')
class Fragile:
    def __setstate__(self, state): raise ValueError('never again')
class Deep:
    def __init__(self, depth): self.depth = depth
    def __reduce__(self): return made, (Deep(self.depth - 1) if self.depth else None,)
def made(inside): return [inside]
class Changes:
    def __getstate__(self):
        changing[len(changing)] = 2
        return {}
def depth(x):
    n = 0
    while x is not None: x, n = x[0], n + 1
    return n
changing = {}
"""
NAMED_LIKE_OURS = """
class Reference: kind = 'mine'
class Tombstone: pass
def resolve_reference(kind, name): return 'mine'
def arrive(*_): return 'mine'
r = [Reference(), Tombstone()]
x = Deep(10_000)
list = 3; type = 5; dict = 4; object = 1; getattr = 2; vars = len = id = super = 0
"""


BAD = [
    ("x = [Lies()]", "x[0]: Lies, its __reduce__ returned 7"),
    ("x = {'k': Raises()}", "x['k']: Raises, KeyError: 'no'"),
    ("x = Fragile(); x.a = 1", "x (Fragile) could not be rebuilt: ValueError: never again"),
    ("x = changing; x.update(a=Changes(), b=2)", "it was changed, by a thread or by its own __getstate__"),
]


def test_hostile_objects_cost_nothing_and_odd_ones_travel(kernel: LabKernel) -> None:
    assert kernel.execute(HOSTILE).error is None
    for bad, words in BAD:
        assert kernel.execute(bad).error is None
        refused = kernel.execute("%teleport cartesius")
        assert refused.error is not None
        assert words in refused.error
        assert value(kernel.execute("changing.clear(); x = None; socket.gethostname()")) == "workbench"
    assert kernel.execute(NAMED_LIKE_OURS).error is None
    moved = kernel.execute(
        "%teleport cartesius\n"
        "socket.gethostname(), depth(x), r[0].kind, resolve_reference(1, 2), arrive(), (list, type, getattr, len)"
    )
    assert value(moved) == ("cartesius", 10_001, "mine", "mine", "mine", (3, 5, 2, 0))
    assert value(kernel.execute("%teleport home\nsocket.gethostname()")) == "workbench"


TEMPORARY = """
import tempfile
named, made = tempfile.NamedTemporaryFile('w+'), tempfile.TemporaryDirectory()
_ = named.write('abc'), open(made.name + '/f', 'w').write('x')
"""


def test_temporary_files_go_with_the_session_wherever_it_ends(kernel: LabKernel, lab: Lab) -> None:
    """The last one: the kernel ends over there, and nothing may be left on either host."""
    assert kernel.execute(TEMPORARY).error is None
    moved = kernel.execute(
        "%teleport cartesius\n"
        "_ = named.seek(0); socket.gethostname(), named.read(), os.listdir(made.name), [named.name, made.name]"
    )
    host, read, listed, paths = ast.literal_eval(moved.result or "None")
    assert (host, read, listed) == ("cartesius", "abc", ["f"])
    for name in (NOTEBOOK.name, TARGET.name):
        assert all(lab.host(name).outside(path).exists() for path in paths)
