"""The plan: what it says is what the move does, whatever the objects say about themselves."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest
from objects_travel import main_of

from pyteleport_jupyter import plan
from pyteleport_jupyter.errors import TargetUnknown
from pyteleport_jupyter.inventory import Plan, Row, rates
from pyteleport_jupyter.inventory.stock import plan_of, session_of_main

pytest_plugins = ["objects_fixtures"]


@pytest.fixture
def ours(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, own_main: None) -> None:
    """A cache of our own, and ``__main__`` put back afterwards."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def plan_for(source: str, **more: Any) -> Plan:
    namespace = main_of(source)
    namespace.update(more)
    return plan_of(None, session_of_main(namespace))


def by_name(made: Plan) -> dict[str, Row]:
    return {row.name: row for row in made}


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    with socket.socket() as made:
        yield made


def test_rows(ours: None, connection: socket.socket) -> None:
    rows = by_name(
        plan_for(
            "import math\ndef f(): return 1\nx = 1\na = {'deep': [1, {'s': None}]}",
            array=np.zeros(1000),
            frame=pd.DataFrame({"n": np.arange(500)}),
            lock=threading.Lock(),
        )
    )
    assert (rows["x"].type, rows["x"].verdict, rows["x"].path) == ("int", "moves", "")
    assert (rows["math"].verdict, rows["math"].reason) == ("rebuilt", "imported there")
    assert rows["lock"].verdict == "rebuilt"
    assert rows["f"].verdict == rows["a"].verdict == rows["frame"].verdict == "moves"
    assert 8000 <= rows["array"].nbytes < 8300
    assert 4000 <= rows["frame"].nbytes < 8300


def test_what_stays_has_a_path_as_python_writes_it(ours: None, connection: socket.socket) -> None:
    made = plan_for("a = {}", connection=connection)
    main = sys.modules["__main__"]
    vars(main)["a"] = {"deep": [1, {"s": socket.socket()}]}
    made = plan_of(None, session_of_main(vars(main)))
    vars(main)["a"]["deep"][1]["s"].close()
    (inner, outer) = made.stays
    assert (inner.name, inner.path, inner.type) == ("a", "['deep'][1]['s']", "socket.socket")
    assert (outer.name, outer.path) == ("connection", "")
    assert "network connection" in inner.reason
    assert [row.verdict for row in made if row.name == "a"] == ["moves", "stays"]


def test_what_is_shared_is_counted_once(ours: None) -> None:
    made = plan_for("import numpy as np\nx = np.zeros(10000)\ny = x\nz = [x, x]\nb = bytes(5000)\nc = b")
    rows = by_name(made)
    assert rows["x"].nbytes > 80_000 > 1000 > rows["y"].nbytes
    assert made.nbytes < 80_000 + 2 * 5003 + 2000


def test_a_view_of_many_numbers_is_not_copied_to_be_counted(ours: None) -> None:
    made = plan_for("", some=np.zeros((1000, 1000))[::2, ::2])
    assert made.stays == ()
    assert made.nbytes >= 2_000_000


def test_secrets_are_named_and_never_shown(ours: None) -> None:
    made = plan_for(
        "db_password = 'hunter2'\nAWS_SECRET_ACCESS_KEY = 'abc123'\ntokens = ['to', 'be']\ntokenizer = 'x'\n"
        "pem = '-----BEGIN RSA PRIVATE KEY-----\\nqqqq'\nsettings = {'api_key': 'zzzz'}\npass_count = 'no'\n"
    )
    (note,) = made.notes
    assert note.startswith("db_password, AWS_SECRET_ACCESS_KEY, pem, settings look like secrets")
    for shown in (repr(made), made._repr_html_(), str(made.rows)):
        assert not any(secret in shown for secret in ("hunter2", "abc123", "qqqq", "zzzz"))


class Checker(HTMLParser):
    """Notes tags that are not closed in order, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag != "script"
        assert all(name == "style" and "color" not in value for name, value in attrs)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_is_whole_escaped_and_small(ours: None) -> None:
    made = plan_for("x = 1", **{"<script>alert(1)</script>": [1], **{f"n{i}": i for i in range(1000)}})
    checker = Checker()
    checker.feed(made._repr_html_())
    assert checker.open == []
    assert "<script>alert(1)</script>" in checker.text
    assert len(made._repr_html_()) < 20_000
    assert "more, all of them smaller" in repr(made)


def test_time_is_told_where_the_link_is_known(ours: None) -> None:
    assert plan("local").seconds is None
    rates.remember("local", 10_000_000, 1.0)
    vars(sys.modules["__main__"])["x"] = bytes(20_000_000)
    try:
        known = plan("local")
    finally:
        del vars(sys.modules["__main__"])["x"]
    assert known.rate == 10_000_000
    assert known.seconds is not None
    assert known.seconds >= 2
    assert "about 2 s to local at 10.0 MB/s" in repr(known)


def test_an_unknown_target_is_an_error(ours: None) -> None:
    with pytest.raises(TargetUnknown):
        plan("no such:kind of:target")


LIARS = """
import copyreg
class Size:
    def __sizeof__(self): return 1 << 70
class Repr:
    def __repr__(self): raise ValueError
    __str__ = __repr__
class Getattr:
    def __getattr__(self, name): raise RuntimeError(name)
class Getattribute:
    def __getattribute__(self, name): raise RuntimeError(name)
class OtherClass:
    __class__ = property(lambda self: int)
class ClassRaises:
    @property
    def __class__(self): raise RuntimeError('no')
class Reduces:
    def __reduce_ex__(self, protocol): return 3
class ReducesOddly:
    def __reduce_ex__(self, protocol): return (int, [], 1, 2, 3)
class Recurses:
    def __reduce_ex__(self, protocol):
        def down(n): return down(n - 1) + 1 if n else 0
        return int, (down(10000),)
class Error(Exception):
    def __str__(self): raise ValueError
class Raises:
    def __reduce_ex__(self, protocol): raise Error
class Row: pass
class Tombstone: pass
class Reduction: pass
class Meta(type):
    def __repr__(cls): raise ValueError
    def __getattribute__(cls, name):
        if name == '__qualname__': raise ValueError
        return type.__getattribute__(cls, name)
class Odd(metaclass=Meta): pass
"""
GOOD = [
    "Size", "Repr", "Getattr", "Row", "Tombstone", "Reduction", "Getattribute", "ClassRaises", "OtherClass",
]  # fmt: skip
BAD = ["Reduces", "ReducesOddly", "Recurses", "Raises", "Odd"]


@pytest.mark.parametrize("name", [*GOOD, *BAD])
def test_objects_that_lie_or_raise(ours: None, name: str) -> None:
    made = plan_for(f"{LIARS}\nliar = {name}()\nbeside = [1]")
    (row,) = [row for row in made if row.name == "liar"]
    assert row.verdict == ("moves" if name in GOOD else "stays")
    assert by_name(made)["beside"].verdict == "moves"
    assert 0 <= made.nbytes < 100_000
    assert "liar" in repr(made)
    assert "liar" in made._repr_html_()


def test_cycles_shadows_and_many_names(ours: None) -> None:
    made = plan_for(
        "loop = []\nloop.append(loop)\nring = {}\nring['ring'] = ring\nlist = print\nid = 3\n"
        "for number in range(100_000): globals()[f'name{number}'] = number"
    )
    assert len(made) == 100_005
    assert made.stays == ()
    assert made[0].name == "loop"


def test_nested_ten_thousand_deep(ours: None) -> None:
    made = plan_for("deep = []\nfor _ in range(10_000): deep = [deep]")
    assert made.stays == ()


def test_nothing_is_changed(ours: None) -> None:
    namespace = main_of("x = [1]\niterator = iter([1, 2, 3])\nnext(iterator)")
    before = dict(namespace)
    plan_of(None, session_of_main(namespace))
    assert namespace == before
    assert list(namespace["iterator"]) == [2, 3]
