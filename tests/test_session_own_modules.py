"""A notebook's own modules travel with their state and their source, and what users hook into a move is called
there.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from session_kernels import Message, Session

from pyteleport_jupyter.companions import Companions, Source
from pyteleport_jupyter.inventory.notes import modules_in_words
from pyteleport_jupyter.session.own_modules import own_modules

ROOT = Path(__file__).parent.parent

WRITE = """
import os, sys, pathlib, importlib.util
pathlib.Path('helpers.py').write_text('''
import helped.inner
count = 0
class Thing:
    def __init__(self, n): self.n = n
def more():
    global count
    count += 1
    return helped.inner.twice(count)
def late():
    import unloaded
    return unloaded.value
''')
os.makedirs('helped', exist_ok=True)
pathlib.Path('helped/__init__.py').write_text('')
pathlib.Path('helped/inner.py').write_text('def twice(n): return 2 * n')
pathlib.Path('unloaded.py').write_text('value = 42')
os.makedirs('elsewhere', exist_ok=True)
pathlib.Path('elsewhere/inplace.py').write_text('state = []\\ndef add(x): state.append(x); return state')
sys.path.append(os.getcwd())
importer = importlib.util.spec_from_file_location('inplace', os.path.join(os.getcwd(), 'elsewhere', 'inplace.py'))
inplace = importlib.util.module_from_spec(importer); sys.modules['inplace'] = inplace; importer.loader.exec_module(inplace)
import helpers
from helpers import more
from pyteleport_jupyter import after_arrive, before_leave
thing = helpers.Thing(7)
more(); inplace.add(1)
pid = os.getpid()
@after_arrive
def back(): print('arrived', os.getpid() != pid)
"""

MOVE = """
%hop
import shutil
for name in ('helpers.py', 'helped', 'unloaded.py', 'elsewhere', '__pycache__'):
    shutil.rmtree(name, ignore_errors=True); pathlib.Path(name).unlink(missing_ok=True) if os.path.isfile(name) else None
print(more(), helpers.count, thing.n, isinstance(thing, helpers.Thing), helpers.late(), inplace.add(2))
"""

LATER = """
import helpers as again, inplace as once_more, inspect, importlib
print(again is helpers, again.more is more, once_more is inplace, 'global count' in inspect.getsource(more))
print(importlib.reload(helpers).count, helpers.more())
"""

EDITED = """
import time
pathlib.Path('helpers.py').write_text('count = 99')
os.utime('helpers.py', (time.time() + 5,) * 2)
print(importlib.reload(helpers).count)
"""


def text(messages: list[Message]) -> str:
    """What a cell printed, and its error if it has one."""
    said = "".join(content["text"] for kind, content in messages if kind == "stream")
    return said + "".join(str(content["evalue"]) for kind, content in messages if kind == "error")


def test_modules_beside_the_notebook_and_installed_in_place(tmp_path: Path) -> None:
    session = Session(tmp_path, hops=True)
    try:
        assert text(session.run(WRITE)) == ""
        assert text(session.run(MOVE)) == "arrived True\n4 2 7 True 42 [1, 2]\n"
        assert text(session.run(LATER)) == "True True True True\n0 2\n"
        assert text(session.run("%hop\nprint(helpers.more(), inplace.state)")) == "arrived True\n4 [1, 2]\n"
        assert text(session.run(EDITED)) == "99\n"
        assert session.jumps == 2
    finally:
        session.end()


def test_what_pip_has_installed_beside_own_modules_is_not_own(tmp_path: Path) -> None:
    """By ``pip install --target``, or in the environment of somebody else."""
    (tmp_path / "tool-1.0.dist-info").mkdir()
    (tmp_path / "tool-1.0.dist-info" / "RECORD").write_text("../x,,\n/y,,\n,,\ntool.py,,\nspace/tool.py,,\n")
    (tmp_path / "space").mkdir()
    (tmp_path / "site-packages").mkdir()
    for name in ("tool.py", "space/tool.py", "site-packages/theirs.py", "mine.py", "tooling.py"):
        (tmp_path / name).write_text("")
    program = (
        f"import sys; sys.path += [{str(tmp_path)!r}, {str(tmp_path / 'site-packages')!r}]\n"
        "import tool, space.tool, theirs, mine, tooling\n"
        "from pyteleport_jupyter.companions import find_companions\n"
        "from pyteleport_jupyter.session.own_modules import own_modules\n"
        "print(sorted(own_modules()), find_companions().loaded)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert ran.stdout == "['mine', 'tooling'] ('mine', 'tooling')\n", ran.stderr


def test_a_package_with_very_much_source_is_no_part_of_a_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "framework_of_size").mkdir()
    (tmp_path / "framework_of_size" / "__init__.py").write_text("from . import part\n")
    (tmp_path / "framework_of_size" / "part.py").write_text("x = 1\n" * 100)
    (tmp_path / "small_own_module.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    framework = importlib.import_module("framework_of_size")
    own = importlib.import_module("small_own_module")
    try:
        assert {"framework_of_size", "framework_of_size.part", "small_own_module"} <= own_modules().keys()
        monkeypatch.setattr("pyteleport_jupyter.session.own_modules.SOURCE_LIMIT", 500)
        found = own_modules()
        assert "small_own_module" in found
        assert not {"framework_of_size", "framework_of_size.part"} & found.keys()
    finally:
        for module in (framework, framework.part, own):
            del sys.modules[module.__name__]


def test_the_plan_tells_of_own_modules() -> None:
    sources = {name: Source(f"/home/u/{name}.py", b"x" * 600) for name in ("a", "b.c", "d", "e", "f")}
    (words,) = modules_in_words(Companions(("a", "b.c"), sources))
    assert words == "own modules travel, with 3.0 kB of source: a, b, d, e …"
    assert modules_in_words(Companions((), {})) == []
