"""Subclasses of dict and list, and what libraries hold under another name: as they are, without running code."""

from __future__ import annotations

import pickle
import re
import sys
from typing import Any

import pytest
from objects_travel import Far, pickled_of


@pytest.fixture
def far() -> Any:
    far = Far()
    yield far
    far.close()


def test_containers_of_the_user_are_not_asked_to_fill_themselves(far: Far) -> None:
    far.load(
        pickled_of("""
            calls = []
            class D(dict):
                def __init__(self, name):
                    self.name = name
                def __setitem__(self, key, value):
                    calls.append(self.name)
                    super().__setitem__(key.upper(), value)
            class L(list):
                def append(self, value):
                    calls.append('append')
                    super().append(-value)
                def extend(self, values):
                    for value in values:
                        self.append(value)
            d = D('d')
            d['a'] = d
            l = L()
            l.append(1)
            l.kept = l
            count = len(calls)
        """)
    )
    assert far("d['A'] is d, list(d), d.name, l, l.kept is l, len(calls) == count") == (
        "(True, ['A'], 'd', [-1], True, True)"
    )
    assert far("[d.__setitem__('x', 1), list(d), l.append(2), l][1::2]") == "[['A', 'X'], [-1, -2]]"


def test_a_container_with_its_own_state_gets_it(far: Far) -> None:
    far.load(
        pickled_of("""
            class D(dict):
                def __getstate__(self):
                    return 'state'
                def __setstate__(self, state):
                    self.was = state, sorted(self)
            d = D(a=1)
        """)
    )
    assert far("d, d.was") == "({'a': 1}, ('state', ['a']))"


@pytest.mark.parametrize(
    ("source", "same"),
    [
        ("import _pydecimal; x = _pydecimal.Decimal", "__import__('_pydecimal').Decimal"),
        ("import _pydecimal; x = _pydecimal.getcontext", "__import__('_pydecimal').getcontext"),
        ("import typing; x = typing._NamedTuple", "__import__('typing')._NamedTuple"),
        ("import argparse; x = argparse.SUPPRESS", "__import__('argparse').SUPPRESS"),
        ("import enum; x = enum.auto().value", "__import__('enum').auto().value"),
        ("import re._constants as c; x = c.MAXREPEAT", "__import__('re')._constants.MAXREPEAT"),
    ],
)
def test_what_a_library_compares_by_identity_stays_that(source: str, same: str, far: Far) -> None:
    far.load(pickled_of(source))
    assert far(f"x is {same}") == "True"


def test_methods_that_super_found_are_those(far: Far) -> None:
    far.load(
        pickled_of("""
            class L(list):
                def append(self, value): raise RuntimeError
                def __init__(self, *values): self.methods = super().append, super().__init__, super().__len__
                def __len__(self): return 77
                @classmethod
                def __init_subclass__(cls, x): cls.hook = super().__init_subclass__
            class M(L, x=1): pass
            l = L()
            fromkeys = dict.fromkeys
        """)
    )
    assert far("l.methods[0](5), list(l), l.methods[1]([6, 7]), list(l), l.methods[2]()") == (
        "(None, [5], None, [6, 7], 2)"
    )
    assert far("M.hook(), M.hook.__self__ is M, fromkeys('a')") == "(None, True, {'a': None})"


def test_pickle_alone_would_not() -> None:
    """The reason for the reducers: if pickle learns it, they can go."""
    with pytest.raises((TypeError, pickle.PicklingError)):
        pickle.dumps(sys.modules["re._constants"].MAXREPEAT)
    assert re.compile("a").match("a")
