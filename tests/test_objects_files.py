"""Open files, temporary ones, databases and arrays in files: the same file there, or what is said of each."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from objects_travel import Far, main_of, pickled_of, session_of

from pyteleport_jupyter import objects
from pyteleport_jupyter.errors import ObjectsRefused
from pyteleport_jupyter.objects.placed_files import contents_travelling

pytest_plugins = ["objects_fixtures"]
# From 3.13 on an unclosed database warns; those of refused sessions are closed by the collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed database:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

Move = Callable[..., Far]


@pytest.fixture
def opened(own_main: None) -> Iterator[Callable[[str], objects.Pickled]]:
    """``opened(source)`` pickles what ``source`` opens; its files are closed afterwards."""
    namespaces: list[dict[str, Any]] = []

    def pickle(source: str) -> objects.Pickled:
        namespaces.append(main_of(source))
        anchors = objects.NamespaceAnchors(namespaces[-1])
        return objects.dump(session_of(namespaces[-1]), anchors, {})

    yield pickle
    for value in (value for namespace in namespaces for value in reversed(namespace.values())):
        if hasattr(value, "close") and not isinstance(value, type | ModuleType):
            value.close()


OPENED = [
    ("x = open(p)\nx.readline()", "x.readline(), x.mode", "('two\\n', 'r')"),
    ("x = open(p, newline='')\nx.readline()", "x.readline()", "'two\\n'"),
    ("x = open(p)\nfor line in x: break", "next(x)", "'two\\n'"),
    ("x = open(p, 'rb')\nx.read(2)", "x.read(3), x.name == p", "(b'e\\r\\n', True)"),
    ("x = open(p, 'rb', buffering=0)\nx.read(1)", "x.read(2), type(x).__name__", "(b'ne', 'FileIO')"),
    ("x = open(p, 'r+b')\nx.read(5)\nx.write(b'TWO')", "x.read(), x.seek(5), x.read(3)", "(b'\\nthree\\n', 5, b'TWO')"),
    ("x = open(p, 'w', newline='\\r\\n', encoding='utf-16')\nx.write('a\\n')", "x.write('b\\n'), x.flush(), open(p, encoding='utf-16', newline='').read(), x.mode", "(2, None, 'a\\r\\nb\\r\\n', 'w')"),
    ("x = open(p, 'a')\nx.write('four')", "x.write('!'), x.close(), open(p).read().split()[-1]", "(1, None, 'four!')"),
    ("import csv\nf = open(p, 'w', newline='')\nx = csv.writer(f, delimiter=';')\nx.writerow([1, 2])", "x.writerow([3]), f.close(), open(p, newline='').read()", "(3, None, '1;2\\r\\n3\\r\\n')"),
    ("import logging\nx = logging.FileHandler(p, 'w')\nx.setFormatter(logging.Formatter('<%(message)s>'))", "x.emit(logging.makeLogRecord({'msg': 'hi'})), x.close(), open(p).read()", "(None, None, '<hi>\\n')"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "question", "answer"), OPENED)
def test_the_same_file_is_opened_again(
    opened: Any, far_process: Far, tmp_path: Path, source: str, question: str, answer: str
) -> None:
    (tmp_path / "f").write_bytes(b"one\r\ntwo\nthree\n")
    far_process.load(opened(f"p = {str(tmp_path / 'f')!r}\n{source}"))
    assert far_process(f"({question})") == answer


def test_what_was_read_elsewhere_is_a_copy(opened: Any, far_process: Far, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("one\ntwo\n")
    pickled = opened(f"p = {str(tmp_path / 'f')!r}\nx = open(p); x.readline()\ny = open(p, 'rb')")
    (tmp_path / "f").write_text("another file")
    far_process.load(pickled)
    assert far_process("(x.readline(), x.name == p, y.read())") == "('two\\n', True, b'one\\ntwo\\n')"


def test_another_file_is_never_written(opened: Any, far_process: Far, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("one\n")
    pickled = opened(f"x = open({str(tmp_path / 'f')!r}, 'a')")
    for there, words in (("two\n", "another file"), (None, "no file")):
        (tmp_path / "f").unlink()
        if there:
            (tmp_path / "f").write_text(there)
        with pytest.raises(
            AssertionError, match=f"x could not be rebuilt: it is open for writing, and .*/f is {words} there"
        ):
            far_process.load(pickled)


def test_a_file_that_differs_anywhere_is_another_file(opened: Any, far_process: Far, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(1 << 20))
    pickled = opened(f"x = open({str(tmp_path / 'f')!r}, 'r+b')")
    with open(tmp_path / "f", "r+b") as file:
        file.seek(300_000)
        file.write(b"changed")
    with pytest.raises(AssertionError, match="is another file there"):
        far_process.load(pickled)


def test_a_look_at_what_cannot_be_decoded_changes_nothing(opened: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"line\n" * 5000 + b"\xff\n")
    with pytest.raises(ObjectsRefused, match="cannot be decoded"):
        opened(f"x = open({str(tmp_path / 'f')!r}, encoding='ascii')\nnext(x)")
    lines = iter(sys.modules["__main__"].x)
    assert {next(lines) for _ in range(3000)} == {"line\n"}
    with pytest.raises(UnicodeDecodeError):
        list(lines)


def test_a_private_file_stays_private(opened: Any, far_process: Far, tmp_path: Path) -> None:
    (tmp_path / "f").touch(0o600)
    with contents_travelling():
        pickled = opened(f"x = open({str(tmp_path / 'f')!r}, 'a')\nx.write('one')")
    (tmp_path / "f").unlink()
    far_process.load(pickled)
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600


def test_contents_travel_if_the_user_says_so(opened: Any, far_process: Far, tmp_path: Path) -> None:
    with contents_travelling():
        pickled = opened(f"p = {str(tmp_path / 'f')!r}\nx = open(p, 'w')\nx.write('one')")
    (tmp_path / "f").unlink()
    far_process.load(pickled)
    assert far_process("(x.write(' two'), x.close(), open(p).read())") == "(4, None, 'one two')"
    (tmp_path / "f").write_text("on")  # a shorter state of it: home again
    far_process.load(pickled)
    assert far_process("open(p).read()") == "'one'"
    (tmp_path / "f").write_text("other")
    with pytest.raises(AssertionError, match="is another file there"):
        far_process.load(pickled)


def test_temporary_files(opened: Any, far_process: Far) -> None:
    pickled = opened(
        "import tempfile\nx = tempfile.NamedTemporaryFile(); x.write(b'abc')\ny = tempfile.TemporaryFile('w+'); y.write('xyz')"
    )
    far_process.load(pickled)
    here = sys.modules["__main__"].x.name
    assert (
        far_process("(x.name, x.write(b'd'), x.seek(0), x.read(), y.seek(0), y.read())")
        == f"({here!r}, 1, 0, b'abcd', 0, 'xyz')"
    )
    sys.modules["__main__"].x.close()
    far_process.load(pickled)
    assert far_process("(x.name, x.seek(0), x.read())") == f"({here!r}, 0, b'abc')"
    assert far_process("(x.close(), __import__('os').path.exists(x.name))") == "(None, False)"


def test_temporary_directory_with_its_contents(own_main: None, far_process: Far) -> None:
    pickled = pickled_of(
        """
        import tempfile, os
        d = tempfile.TemporaryDirectory()
        with open(d.name + '/f', 'w') as f: f.write('hi')
        os.mkdir(d.name + '/s'); os.symlink('f', d.name + '/l'); os.chmod(d.name + '/f', 0o640)
        """
    )
    sys.modules["__main__"].d.cleanup()
    far_process.load(pickled)
    assert (
        far_process(
            "(sorted(os.listdir(d.name)), open(d.name + '/l').read(), oct(os.stat(d.name + '/f').st_mode))"
        )
        == "(['f', 'l', 's'], 'hi', '0o100640')"
    )
    assert far_process("(d.cleanup(), os.path.exists(d.name))") == "(None, False)"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os\nx = os.popen('true')", "x._stream: _io.TextIOWrapper, it is open and no regular file"),
        (
            "import os\nr, w = os.pipe()\ny = open(w, 'wb'); x = open(r, 'rb')",
            "x: _io.BufferedReader, it is open and no regular file",
        ),
        (
            "import os\nx = open(p); os.unlink(p)\nwith open(p, 'w'): pass",
            "x: _io.TextIOWrapper, it is open, and what its name means now is another file",
        ),
    ],
)
def test_refused(opened: Any, tmp_path: Path, source: str, reason: str) -> None:
    (tmp_path / "f").write_text("one\n")
    os.link(tmp_path / "f", tmp_path / "g")  # so that it stays a file when its name is taken from it
    with pytest.raises(ObjectsRefused, match=reason):
        opened(f"p = {str(tmp_path / 'f')!r}\n{source}")


def test_databases(opened: Any, far_process: Far, tmp_path: Path) -> None:
    far_process.load(
        opened(
            f"""
            import sqlite3
            m = sqlite3.connect(':memory:', isolation_level='IMMEDIATE'); m.row_factory = sqlite3.Row
            m.execute('create table t (a, b)'); m.execute('insert into t values (1, 2)'); m.commit()
            c = m.cursor(); row = c.execute('select * from t').fetchone(); c.fetchall()
            f = sqlite3.connect({str(tmp_path / "d")!r}); f.execute('create table t (a)'); f.commit()
            empty = sqlite3.connect(':memory:')
            gone = sqlite3.connect(':memory:'); gone.close()
            """
        )
    )
    assert (
        far_process("(row['b'], row.keys(), m.isolation_level, c.connection is m)")
        == "(2, ['a', 'b'], 'IMMEDIATE', True)"
    )
    assert (
        far_process(
            "(c.execute('select b from t').fetchone()['b'], f.execute('insert into t values (3)').rowcount, f.rollback(), empty.execute('select 1').fetchall())"
        )
        == "(2, 1, None, [(1,)])"
    )
    with pytest.raises(AssertionError, match="closed database"):
        far_process("gone.execute('select 1')")


def test_databases_move_again_with_what_was_set(opened: Any, far_process: Far) -> None:
    source = """
        import sqlite3
        x = sqlite3.connect(':memory:'); x.execute('create table t (a)'); x.text_factory = bytes
        x.execute('insert into t values (?)', ('text',)); x.commit(); x.execute('pragma foreign_keys = on')
    """
    pickled = opened(source)
    for _ in range(2):
        loaded = objects.load(pickled.stream, pickled.buffers, objects.NamespaceAnchors({}))
        namespace = loaded.root["namespace"]
        with closing(namespace["x"]):
            pickled = objects.dump(session_of(namespace), objects.NamespaceAnchors(namespace), {})
    far_process.load(pickled)
    assert far_process("(*x.execute('select a from t'), *x.execute('pragma foreign_keys'))") == (
        "((b'text',), (1,))"
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            "x.create_collation('mine', lambda a, b: 0)",
            r"x: sqlite3.Connection, it has collations of its own \(mine\)",
        ),
        (
            "x.execute('insert into t values (1)')",
            "x: sqlite3.Connection, a transaction is open; commit it or roll it back first",
        ),
        (
            "c = x.execute('select 1 union select 2')",
            "c: sqlite3.Cursor, not all rows of its query have been fetched",
        ),
        ("x.create_function('f', 1, len)", r"x: sqlite3.Connection, it has functions of its own \(f\)"),
        (
            "x.execute(\"attach ':memory:' as other\")",
            r"x: sqlite3.Connection, it has attached databases \(other\)",
        ),
        ("x.execute('create temp table s (a)')", "x: sqlite3.Connection, it has temporary tables"),
    ],
)
def test_databases_that_stay(opened: Any, source: str, reason: str) -> None:
    with pytest.raises(ObjectsRefused, match=reason):
        opened(f"import sqlite3\nx = sqlite3.connect(':memory:'); x.execute('create table t (a)')\n{source}")


def test_database_in_another_file(opened: Any, far_process: Far, tmp_path: Path) -> None:
    pickled = opened(
        f"import sqlite3\nx = sqlite3.connect({str(tmp_path / 'd')!r}); x.execute('create table t (a)')"
    )
    (tmp_path / "d").unlink()
    with pytest.raises(AssertionError, match="x could not be rebuilt: its file .*/d is not there"):
        far_process.load(pickled)


def test_arrays_in_files(move: Move, tmp_path: Path) -> None:
    far = move(
        f"""
        import numpy as np
        w = np.memmap({str(tmp_path / "m")!r}, dtype='u1', mode='w+', shape=10); w[:] = 3; part = w[2:4]
        r = np.memmap({str(tmp_path / "m")!r}, mode='r'); c = np.memmap({str(tmp_path / "m")!r}, mode='c'); c[0] = 7
        """
    )
    assert (
        far("(w.__setitem__(2, 8), int(part[0]), type(part).__name__, int(r[2]), int(c[0]), int(w[0]))")
        == "(None, 8, 'memmap', 8, 7, 3)"
    )


def test_array_in_a_file_that_is_not_there(own_main: None, far_process: Far, tmp_path: Path) -> None:
    source = f"import numpy as np, pathlib\np = {str(tmp_path / 'm')!r}\npathlib.Path(p).write_bytes(b'abc')\nx = np.memmap(p, mode="
    for mode in ("r", "r+"):
        pickled = pickled_of(f"{source}{mode!r})")
        (tmp_path / "m").unlink()
        if mode == "r":
            far_process.load(pickled)
            assert far_process("bytes(x)") == "b'abc'"
        else:
            with pytest.raises(
                AssertionError, match="x could not be rebuilt: it lies in .*/m, and that file is not there"
            ):
                far_process.load(pickled)


LOGS = """
import logging, logging.handlers
logs = [logging.FileHandler(p, "w"), logging.handlers.RotatingFileHandler(p, maxBytes=1000)]
logs.append(logging.FileHandler(p, delay=True))
for log in logs: log.setFormatter(logging.Formatter('<%(message)s>'))
logs[0].emit(logging.makeLogRecord({'msg': 'here'}))
"""
SAY = "[log.emit(logging.makeLogRecord({'msg': 'there'})) for log in logs]"


@pytest.mark.parametrize(("before", "after"), [(None, ""), ("another\n", "another\n")])
def test_logs_go_on_behind_whatever_is_there(
    opened: Any, far_process: Far, tmp_path: Path, before: str | None, after: str
) -> None:
    pickled = opened(f"p = {str(tmp_path / 'log')!r}\n{LOGS}")
    for log in vars(sys.modules["__main__"])["logs"]:
        log.close()
    (tmp_path / "log").unlink()
    if before is not None:
        (tmp_path / "log").write_text(before)
    far_process.load(pickled)
    far_process(SAY)
    assert (tmp_path / "log").read_text() == after + "<there>\n" * 3
    assert far_process("(logs[0].mode, logs[1].maxBytes, [log.close() for log in logs])").startswith(
        "('w', 1000"
    )


def test_what_was_logged_travels_with_files(opened: Any, far_process: Far, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    with contents_travelling():
        pickled = opened(f"p = {str(tmp_path / 'logs' / 'log')!r}\n{LOGS}")
    for log in vars(sys.modules["__main__"])["logs"]:
        log.close()
    (tmp_path / "logs" / "log").unlink()
    (tmp_path / "logs").rmdir()
    far_process.load(pickled)
    far_process(SAY)
    assert (tmp_path / "logs" / "log").read_text() == "<here>\n" + "<there>\n" * 3
    far_process("[log.close() for log in logs]")


def test_a_log_that_cannot_be_opened_is_told_and_lost(
    opened: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "logs").mkdir()
    pickled = opened(f"import logging; log = logging.FileHandler({str(tmp_path / 'logs' / 'log')!r})")
    vars(sys.modules["__main__"])["log"].close()
    (tmp_path / "logs" / "log").unlink()
    (tmp_path / "logs").rmdir()
    (tmp_path / "logs").touch()
    loaded = objects.load(pickled.stream, pickled.buffers, objects.NamespaceAnchors({}))
    (action,) = loaded.deferred
    assert capsys.readouterr().err == ""
    action()
    words = f"pyteleport: what is logged to {tmp_path}/logs/log is not written here: "
    assert capsys.readouterr().err.startswith(words)
    log = loaded.root["namespace"]["log"]
    log.emit(logging.makeLogRecord({"msg": "x"}))
    log.close()
