"""Which names a cell needs, which kernels are kept, what of it is put here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.error import UsageError

from pyteleport_jupyter.errands import here, kept
from pyteleport_jupyter.errands.errand import Errand, Wish
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


class StandInLine:
    """A line that only knows whether it was ended."""

    over: str | None = None

    def end(self) -> None:
        """It is ended."""
        self.over = "ended"


@pytest.fixture
def no_kernels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(kept, "_kept", {})
    monkeypatch.setattr(kept, "when_leaving", lambda act: None)
    monkeypatch.setattr(kept, "KEPT_LIMIT", 2)
    yield
    kept.end_all()


def a_kernel() -> Any:
    line: Any = StandInLine()
    return kept.Kept(line, SimpleNamespace())  # type: ignore[arg-type]


def key(name: str) -> kept.Key:
    return name, None, "", None


def an_errand(kernel: Any, **wish: Any) -> Errand:
    """One whose cell is over."""
    report = SimpleNamespace(failed=lambda: None, say=lambda *args: None)
    target = SimpleNamespace(text="host", host="host")
    shell = SimpleNamespace(user_ns={})
    errand = Errand(shell, target, Wish("", **wish), report, lambda *args: "")  # type: ignore[arg-type]
    errand._kept = kernel
    return errand


@pytest.mark.usefixtures("no_kernels")
def test_only_a_kernel_that_runs_no_cell_has_to_go_for_another() -> None:
    busy, free, new = a_kernel(), a_kernel(), a_kernel()
    busy.turn.acquire()
    for name, kernel in (("busy", busy), ("free", free), ("new", new)):
        kept.keep(key(name), kernel)
    assert (busy.alive, free.alive, new.alive) == (True, False, True)
    assert kept.find(key("busy")) is busy


@pytest.mark.usefixtures("no_kernels")
def test_who_lets_a_kernel_go_leaves_the_next_one_under_that_key() -> None:
    old, new = a_kernel(), a_kernel()
    kept.keep(key("host"), new)
    kept.let_go(key("host"), old)
    assert (old.alive, kept.find(key("host"))) == (False, new)


@pytest.mark.usefixtures("no_kernels")
@pytest.mark.parametrize("busy", [False, True])
def test_a_kernel_not_to_be_kept_ends_when_nothing_came_back_but_not_in_the_cell_of_another(
    busy: bool,
) -> None:
    kernel = a_kernel()
    kept.keep(here_key := kept.key_of("host", Wish("").options), kernel)
    if busy:
        kernel.turn.acquire()
    errand = an_errand(kernel, keep_kernel=False)
    errand.abandon(KeyboardInterrupt())
    errand.settle()
    assert kernel.alive is busy is kernel.turn.locked()
    assert (kept.find(here_key) is kernel) is busy


def test_a_cell_for_too_many_hosts() -> None:
    hosts = [f"host{number}" for number in range(here.HOSTS_LIMIT + 1)]
    with pytest.raises(UsageError, match="at most"):
        here.run_in_background(None, hosts, Wish(""))
