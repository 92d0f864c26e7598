"""Which names a cell needs."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from pyteleport_jupyter.errands.needs import names_of_functions, names_read, needed


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("x + y", {"x", "y"}),
        ("x = 1\nx + y", {"y"}),
        ("x += 1", {"x"}),
        ("del x", {"x"}),
        ("if c:\n    x = 1\nx", {"c", "x"}),
        ("def f(a=d): return a + g", {"d", "g"}),
        ("def f():\n    x = 1\n    def inner(): return x + g\n    return inner", {"g"}),
        ("[i * k for i in seq if p(i)]", {"k", "seq", "p"}),
        ("f'{x!r:>{width}}'", {"x", "width"}),
        ("lambda a: a + g", {"g"}),
        ("class C(B):\n    k = base\n    def m(self): return g", {"B", "base", "g"}),
        ("await coroutine()", {"coroutine"}),
        ("import m\nm.x", set()),
        ("this is no python", set()),
    ],
)
def test_names_read(cell: str, names: set[str]) -> None:
    read, mentioned = names_read(cell, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert {name for name in read if not name.startswith("__")} == names
    assert mentioned == set()


def test_words_in_the_text_of_a_magic_are_guesses() -> None:
    read, mentioned = names_read("get_ipython().run_line_magic('timeit', '-n 1 work(data)')")
    assert mentioned == {"n", "work", "data"}
    assert read == {"get_ipython", *mentioned}


def notebook() -> dict[str, Any]:
    """A namespace in which functions need each other."""
    source = """
def outer(): return inner() + LIMIT
def inner(): return len(data)
class Base:
    def method(self): return helper
class Derived(Base): pass
helper = LIMIT = 1; data = []; other = 2; functions = [outer]
"""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(source, namespace)
    return namespace


def test_functions_and_classes_are_followed() -> None:
    namespace = notebook()
    assert needed(["outer"], namespace, []).keys() == {"outer", "inner", "LIMIT", "data"}
    assert needed(["Derived"], namespace, []).keys() == {"Derived", "helper"}
    assert needed(["outer", "absent", "len"], namespace, ["data"]).keys() == {"outer", "inner", "LIMIT"}
    assert names_of_functions(namespace["functions"], namespace) == {"inner", "LIMIT"}


def test_a_builtin_that_the_user_has_hidden_is_a_variable() -> None:
    assert needed(["len"], {"len": 5}, []) == {"len": 5}
