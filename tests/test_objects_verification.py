"""Restored state is compared with what was there; differences are told by name."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from contextvars import ContextVar
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from objects_travel import Far, main_of, session_of

from pyteleport_jupyter import objects
from pyteleport_jupyter.frames.pending import Pending
from pyteleport_jupyter.objects.verification import Seen, differences, digests

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]

PLAIN = """
import math, types, collections, dataclasses, enum, re, io
n = None; b = True; i = -7; big = 10 ** 400; f = float('nan'); c = 1j; s = 'ä\\ud800'; y = b'x' * 100000; a = bytearray(y)
l = [1, [2, 'x']]; l.append(l); t = (1, l); d = {'k': l, 3: {4: 5}}; st = {1, 'a', 'b'}; fs = frozenset('ab')
long = list(range(100000)); wide = {str(i): i for i in range(100000)}
def fun(x, y=3): return x + y
gen = (x for x in 'ab'); it = iter([1]); lam = lambda: fun
class A:
    def __init__(self): self.x, self.me = [1], self
@dataclasses.dataclass(slots=True)
class P:
    x: int = 1
class E(enum.Enum):
    M = 1
obj, p, e = A(), P(), E.M
class D(dict): pass
sub = D(k=1); deq = collections.deque([1]); pat = re.compile('a'); sio = io.StringIO('x'); ns = types.SimpleNamespace(a=1)
import numpy as np, pandas as pd
arr = np.arange(10.0); fort = np.asfortranarray(np.ones((3, 4))); view = arr[::2]; objs = np.array([1, None], dtype=object); large = np.zeros(1 << 20)
df = pd.DataFrame({'a': [1]})
class Changed:
    def __reduce__(self): return int, (5,)
"""


def test_what_has_moved_is_the_same(own_main: None, far_process: Far) -> None:
    main = main_of(PLAIN)
    seen = digests({name: value for name, value in main.items() if name != "main"}, ())
    far_process.load(objects.dump(session_of(main, seen=seen), objects.NamespaceAnchors(main), {}))
    code = "__import__('pyteleport_jupyter.objects.verification').objects.verification.differences(items['seen'], globals(), ())"
    assert far_process(code) == "[]"
    assert (
        far_process(f"(l[1].append(0), {code})[1]")
        == "['d (was a dict of 2, is a dict of 2)', 'l (was a list of 3, is a list of 3)', 't (was a tuple of 2, is a tuple of 2)']"
    )


CHANGES: list[tuple[Any, Any, str]] = [
    ([1, 2, 3], {1: 2}, "x (was a list of 3, is a dict of 1)"),
    (1, 2, "x (was 1, is 2)"),
    (1, True, "x (was 1, is True)"),
    ("a", b"a", "x (was a str of 1, is a bytes of 1)"),
    ([[1]], [[2]], "x (was a list of 1, is a list of 1)"),
    (np.zeros(9), np.ones(9), "x (was a ndarray, is a ndarray)"),
    (np.zeros(9), np.zeros(9, "f4"), "x (was a ndarray, is a ndarray)"),
    (lambda: 1, lambda: 2 + 3 * len("x"), "x (was a function, is a function)"),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "x (was a dict of 2, is a dict of 2)"),
    (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 3]}), "x (was a DataFrame, is a DataFrame)"),
    (pd.Series(["a", "b"]), pd.Series(["a", "c"]), "x (was a Series, is a Series)"),
    (np.array([[1]], object), np.array([[2]], object), "x (was a ndarray, is a ndarray)"),
    (np.float32(1), np.float32(2), "x (was a float32, is a float32)"),
    (date(2020, 1, 1), date(2020, 1, 2), "x (was a date, is a date)"),
    (random.Random(1), random.Random(2), "x (was a Random, is a Random)"),
    (re.compile("a"), re.compile("b"), "x (was a Pattern, is a Pattern)"),
]


@pytest.mark.parametrize(("before", "after", "words"), CHANGES)
def test_differences_are_told(before: Any, after: Any, words: str) -> None:
    assert differences(digests({"x": before}, ()), {"x": after}, ()) == [words]
    assert differences(digests({"x": before}, ()), {"x": before}, ()) == []


def test_what_is_missing_is_told() -> None:
    assert differences({"x": Seen(b"1", "a")}, {}, ()) == ["x (is missing)"]


def test_identities_count() -> None:
    inner: list[int] = []
    assert differences(digests({"x": [inner, inner]}, ()), {"x": [[], []]}, ()) != []


def test_live_objects_may_differ() -> None:
    here, there = ["this host"], ["that host", "more"]
    assert differences(digests({"x": [here]}, {id(here)}), {"x": [there]}, {id(there)}) == []


def test_what_runs_does_not_count() -> None:
    class OwnTask(asyncio.Task[Any]):
        pass

    class Token(Pending):
        pass

    class OwnQueue(asyncio.Queue[int]):
        pass

    variable: ContextVar[int] = ContextVar("variable")
    token, task = variable.set(1), OwnTask.__new__(OwnTask)
    used, unused = OwnQueue(), OwnQueue()
    used.put_nowait(1)
    before = {"x": [token, token, 5], "y": [task, task], "z": [used], "told": [token, 1]}
    after = {"x": [Token(), Token(), 5], "y": [task, task], "z": [unused], "told": [Token(), 2]}
    seen = digests(before, {id(task)})
    assert differences(seen, after, ()) == ["told (was a list of 2, is a list of 2)"]


def test_no_code_of_the_user_is_run() -> None:
    class Loud:
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(name)

        def __repr__(self) -> str:
            raise AssertionError("repr")

        def __hash__(self) -> int:
            raise AssertionError("hash")

    assert set(digests({"x": [Loud()], "_hidden": 1}, ())) == {"x"}


def test_large_data_are_sampled() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    many = [[i] for i in range(1000)]
    before = digests({"deep": deep, "many": many}, ())
    many[500][0] = -1
    assert differences(before, {"deep": deep, "many": many}, ()) == []
    many[-1][0] = -1
    assert differences(before, {"deep": deep, "many": many}, ()) == [
        "many (was a list of 1000, is a list of 1000)"
    ]
