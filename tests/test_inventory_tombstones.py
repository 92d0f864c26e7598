"""What stands where something stayed behind: it says so on any use, wherever it is held."""

from __future__ import annotations

import copy
import gc
import operator
import pickle
import socket
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from objects_travel import LIVE, Far, main_of, session_of

from pyteleport_jupyter import objects
from pyteleport_jupyter.errors import LeftBehind, ObjectsRefused, TeleportError
from pyteleport_jupyter.objects.tombstone import Left, Tombstone, left_here

pytest_plugins = ["objects_fixtures"]


@pytest.fixture
def tombstone() -> Tombstone:
    return Tombstone(Left("a['s']", "socket.socket", "a network connection", "laptop", 7, "Connect again."))


USES: dict[str, Callable[[Any], object]] = {
    "attribute": lambda it: it.send,
    "set attribute": lambda it: setattr(it, "x", 1),
    "delete attribute": lambda it: delattr(it, "x"),
    "call": lambda it: it(),
    "item": lambda it: it[0],
    "set item": lambda it: operator.setitem(it, 0, 1),
    "iterate": list,
    "next": next,
    "len": len,
    "in": lambda it: 1 in it,
    "truth": bool,
    "enter": lambda it: it.__enter__(),
    "add": lambda it: it + 1,
    "add to": lambda it: 1 + it,
    "add in place": lambda it: operator.iadd(it, 1),
    "less": lambda it: it < 1,
    "negative": operator.neg,
    "index": operator.index,
    "float": float,
    "bytes": bytes,
}


@pytest.mark.parametrize("use", USES)
def test_any_use_says_what_it_was(tombstone: Tombstone, use: str) -> None:
    with pytest.raises(LeftBehind) as caught:
        USES[use](tombstone)
    assert str(caught.value) == (
        "a['s'], a socket.socket, was left behind on laptop (process 7): a network connection. Connect again."
    )
    assert isinstance(caught.value, TeleportError)


def test_with_says_it_too(tombstone: Any) -> None:
    with pytest.raises(LeftBehind), tombstone:
        pass


def test_it_can_be_held_shown_and_asked_for(tombstone: Any) -> None:
    assert {tombstone: 1}[tombstone] == 1
    assert tombstone in [1, tombstone]
    assert tombstone != 1
    assert not hasattr(tombstone, "send")
    for text in (repr(tombstone), str(tombstone), f"{tombstone:>3}"):
        assert text.startswith("<left behind: a['s'], a socket.socket, was left behind on laptop")
    assert dir(tombstone) == []
    for again in (pickle.loads(pickle.dumps(tombstone)), copy.deepcopy(tombstone)):
        assert repr(again) == repr(tombstone)


def test_in_the_process_where_it_stayed_it_is_itself_again() -> None:
    with socket.socket() as stayed:
        there = pickle.dumps(Tombstone(left_here(stayed, "s", "socket", "so", "here")))
        assert pickle.loads(there) is stayed
    del stayed
    gc.collect()
    assert type(pickle.loads(there)) is Tombstone


def leave(source: str) -> objects.Pickled:
    namespace = main_of(source)
    anchors = objects.NamespaceAnchors(namespace, {"live list": LIVE})
    return objects.dump(session_of(namespace), anchors, {}, leaving=objects.Leaving("here"))


BAD = "import _queue\nbad = _queue.SimpleQueue\nclass A: pass\n"


@pytest.fixture
def far(far_process: Far, own_main: None) -> Far:
    return far_process


def test_the_rest_moves_and_aliases_stay_one(far: Far) -> None:
    pickled = leave(
        BAD + "q = bad()\na = {'deep': [1, {'s': q}]}\nx = A(); x.q = q\nt = (q, 2)\ns = {q}\n"
        "def f(): return q\ng = (lambda held: lambda: held)(q)"
    )
    assert [refusal.path for refusal in pickled.left] == ["q"]
    far.load(pickled)
    assert far("a['deep'][1]['s'] is q is x.q is t[0] is f() is g() and q in s and t[1]") == "2"
    assert far("type(q).__name__") == "'Tombstone'"
    assert far("repr(q)").startswith("'<left behind: q, a _queue.SimpleQueue, was left behind on here")


def test_what_a_reducer_spoils_stays_alone(far: Far) -> None:
    pickled = leave(
        BAD + "class Raises:\n    def __reduce_ex__(self, p): raise OSError('no')\n"
        "class Lies:\n    def __reduce_ex__(self, p): return 7\n"
        "class Recurses:\n    def __reduce__(self):\n        return self.__reduce__()\n"
        "class Elsewhere:\n    @property\n    def __class__(self): return int\n"
        "held = [Raises(), Lies(), Recurses(), Elsewhere(), 5]"
    )
    assert sorted(refusal.path for refusal in pickled.left) == [f"held[{n}]" for n in range(3)]
    far.load(pickled)
    assert far("[type(each).__name__ for each in held]") == repr(["Tombstone"] * 3 + ["Elsewhere", "int"])


def test_what_stayed_once_stays_at_the_next_move(far: Far) -> None:
    namespace = main_of("")
    namespace["q"] = Tombstone(Left("q", "Queue", "so", "first", 1))
    far.load(objects.dump(session_of(namespace), objects.NamespaceAnchors(namespace), {}))
    assert "q, a Queue, was left behind on first (process 1): so. Make it again" in far("repr(q)")


def test_without_being_asked_nothing_is_left(own_main: None) -> None:
    namespace = main_of(BAD + "q = bad()")
    with pytest.raises(ObjectsRefused):
        objects.dump(session_of(namespace), objects.NamespaceAnchors(namespace), {})


def test_many_stay(far: Far) -> None:
    pickled = leave(BAD + "held = [bad() for _ in range(2000)]")
    assert len(pickled.left) == 2000
    far.load(pickled)
    assert far("len({id(each) for each in held})") == "2000"


GONE = """
import csv, sqlite3, numpy as np
f = open(p, 'a'); kept = [1, {'f': f}]
w = csv.writer(f)
c = sqlite3.connect(d); cursor = c.cursor()
m = np.memmap(p, 'u1', 'r+'); view = m[2:4]
write = f.write; text = 'moves'
"""


def test_what_is_not_there_stays_with_all_that_hangs_on_it(far: Far, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abcdef")
    sqlite3.connect(tmp_path / "d").close()
    pickled = leave(f"p, d = {str(tmp_path / 'f')!r}, {str(tmp_path / 'd')!r}\n{GONE}")
    assert pickled.left == ()
    main = vars(sys.modules["__main__"])
    (tmp_path / "f").write_text("another file")
    (tmp_path / "d").unlink()
    far.load(pickled)
    named = "[name for name, value in globals().items() if type(value).__name__ == 'Tombstone']"
    assert far(named) == "['f', 'c', 'cursor', 'm', 'view', 'write']"
    assert far("kept[1]['f'] is f and text") == "'moves'"
    assert "f, a _io.TextIOWrapper, was left behind on here" in far("repr(f)")
    assert "is another file there. Open it again" in far("repr(f)")
    assert "c, a sqlite3.Connection" in far("repr(c)")
    assert (tmp_path / "f").read_text() == "another file"
    main["f"].close()
    main["c"].close()


def test_what_is_there_is_not_left(far: Far, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("one")
    opened = f"f = open({str(tmp_path / 'f')!r}); f.read(1); read = f.read"
    far.load(leave(f"{opened}; v = memoryview(bytearray(3))"))
    assert far("read(), f.mode, len(v)") == "('ne', 'r', 3)"
    vars(sys.modules["__main__"])["f"].close()
