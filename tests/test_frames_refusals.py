"""What cannot go on exactly is refused, in a sentence that names both frames and what lies between."""

from __future__ import annotations

import builtins
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from frames_in_place import Captured, capturer, refusal_of

from pyteleport_jupyter import frames
from pyteleport_jupyter.errors import FrameRefused

C_CALLERS = {
    "sorted": ("def key(x):\n    teleport()\nsorted([1], key=key)", "sorted"),
    "teleport itself": ("sorted([1], key=teleport)", "sorted"),
    "list of map": ("def f(x):\n    teleport()\nlist(map(f, [1]))", "list"),
    "sum of generator": ("sum(teleport() for _ in 'a')", "sum"),
    "join": ("''.join(teleport() for _ in 'a')", "str.join"),
    "min": ("def f(x):\n    teleport()\nmin([1], key=f)", "min"),
    "reduce": (
        "import functools\ndef f(x, y):\n    teleport()\nfunctools.reduce(f, [1, 2])",
        "_functools.reduce",
    ),
    "list.sort": ("def f(x):\n    teleport()\n[1].sort(key=f)", "sort"),
    "re.sub": ("import re\ndef f(match):\n    teleport()\nre.sub('a', f, 'a')", "sub"),
    "numpy.vectorize": (
        "import numpy\ndef f(x):\n    teleport()\n    return x\nnumpy.vectorize(f, otypes=[int])([1])",
        "ufunc",
    ),
    "context run": (
        "import contextvars\ndef f():\n    teleport()\ncontextvars.Context().run(f)",
        "run",
    ),
}

OPERATIONS = {
    "an operator of a sequence": (
        "class A:\n    def __rmul__(self, other):\n        teleport()\n[1] * A()",
        "an operator",
    ),
    "comparison of what is inside": (
        "class A:\n    def __lt__(self, other):\n        teleport()\n(A(), 1) < (2, 1)",
        "a comparison",
    ),
    "zip under for": (
        "def g():\n    yield teleport()\nfor x in zip([1], g()): pass",
        "zip, which is written in C",
    ),
    "unpacking": ("def g():\n    yield teleport()\na, = g()", "an unpacking"),
    "tuple of a generator": (
        "def g():\n    yield teleport()\nx = 1, 2\nx += g(),\ny, *z = g()",
        "an unpacking",
    ),
    "hash in a lookup": (
        "class A:\n    def __hash__(self):\n        return teleport()\n{}[A()]",
        "a subscript",
    ),
    "hash in a store": (
        "class A:\n    def __hash__(self):\n        return teleport()\nd = {}\nd[A()] = 1",
        "an assignment to a subscript",
    ),
    "equality in a lookup": (
        "class A:\n    def __hash__(self):\n        return 1\n"
        "    def __eq__(self, other):\n        teleport()\nd = {A(): 1}\nd[A()]",
        "a subscript",
    ),
    "hash in a method of dict": (
        "class A:\n    def __hash__(self):\n        return teleport()\n{}.get(A())",
        "dict.get, which is written in C",
    ),
    "a name of a class body": (
        "class Names(dict):\n    def __missing__(self, name):\n        return teleport()\n"
        "class M(type):\n    @classmethod\n    def __prepare__(m, n, b):\n        return Names()\n"
        "class A(metaclass=M): x = anything",
        "a name looked up in a namespace of its own kind",
    ),
    "close by way of an iterator of one's own": (
        "class Own:\n    def __iter__(self): return self\n    def __next__(self): return 1\n"
        "    def close(self): teleport()\n"
        "def outer():\n    yield from Own()\ng = outer()\nnext(g)\ng.close()",
        "generator.close, which is written in C",
    ),
    "throw by way of an iterator of one's own": (
        "class Own:\n    def __iter__(self): return self\n    def __next__(self): return 1\n"
        "    def throw(self, *given): teleport()\n"
        "def outer():\n    yield from Own()\ng = outer()\nnext(g)\ng.throw(KeyError())",
        "cannot be moved",
    ),
    "a cache called with what a list held": (
        "import functools\n@functools.lru_cache\ndef f(*given):\n    teleport()\nf(*[1])",
        "f, which is written in C",
    ),
    "destructor": ("class A:\n    def __del__(self):\n        teleport()\na = A()\ndel a", "the operation"),
}


SOMETHING_FOLLOWS = {
    "init after new with a parameter bound anew": (
        "class M(type):\n    def __new__(m, n, b, names):\n        names = dict(names)\n        teleport()\n"
        "    def __init__(self, *given): pass\nclass A(metaclass=M): pass"
    ),
    "init after new of an unnamed class": (
        "class A:\n    def __new__(*given):\n        teleport()\n        return object.__new__(*given)\n"
        "    def __init__(self): pass\nA()"
    ),
    "init after new called by C": (
        "class A:\n    def __new__(cls, given):\n        teleport()\n        return object.__new__(cls)\n"
        "    def __init__(self, given): pass\nlist(map(A, [1]))"
    ),
    "init of a metaclass after the subclass hook": (
        "class M(type):\n    def __init__(self, *given): pass\n"
        "class A:\n    def __init_subclass__(cls):\n        teleport()\nclass B(A, metaclass=M): pass"
    ),
    "hooks of other attributes": (
        "class D:\n    def __set_name__(self, owner, name):\n        teleport()\n"
        "class A:\n    x = D()\n    y = D()"
    ),
    "the body after a prepare of who knows whom": (
        "class M(type):\n    @classmethod\n    def __prepare__(m, n, b):\n        teleport()\n"
        "class Stands:\n    def __mro_entries__(self, bases): return ()\n"
        "class A(Stands(), metaclass=M): pass"
    ),
}


@pytest.mark.parametrize("name", SOMETHING_FOLLOWS)
def test_what_is_a_step_on_the_way_to_a_class_or_object_is_refused(name: str) -> None:
    """(3.11 says what ``__set_name__`` raises in an error around it.)"""
    try:
        sentence = refusal_of(SOMETHING_FOLLOWS[name])
    except RuntimeError as error:
        sentence = str(error.__cause__)
    assert "makes an object or a class by it" in sentence
    assert "program.py" in sentence


@pytest.mark.parametrize("name", C_CALLERS)
def test_a_c_caller_is_named_with_both_frames(name: str) -> None:
    source, function = C_CALLERS[name]
    sentence = refusal_of(source)
    assert f"{function}, which is written in C" in sentence
    assert "of program.py" in sentence
    assert "cannot be moved" in sentence
    assert sentence.count("\n") == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "destructor"])
def test_an_operation_that_c_carries_out_is_named(name: str) -> None:
    source, words = OPERATIONS[name]
    sentence = refusal_of(source)
    assert words in sentence
    assert "program.py" in sentence


def test_a_destructor_is_refused() -> None:
    reasons: list[str] = []

    def asked() -> None:
        try:
            capturer(lambda frame: frame.f_code.co_filename == "program.py")()
        except FrameRefused as refused:
            reasons.append(str(refused))

    exec(compile(OPERATIONS["destructor"][0], "program.py", "exec"), {"teleport": asked})
    assert len(reasons) == 1


@pytest.mark.parametrize(
    "statement",
    ["import half_done", "from half_done import x", "import importlib; importlib.import_module('half_done')"],
)
def test_an_import_is_refused_by_the_module(statement: str, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "half_done.py").write_text("import builtins\nx = 1\nbuiltins.teleport_now()\n")
    monkeypatch.syspath_prepend(tmp_path)
    reasons: list[str] = []

    def asked() -> None:
        try:
            capturer(lambda frame: frame.f_code.co_filename == "program.py")()
        except FrameRefused as refused:
            reasons.append(str(refused))

    monkeypatch.setattr(builtins, "teleport_now", asked, raising=False)
    monkeypatch.delitem(sys.modules, "half_done", raising=False)
    exec(compile(statement, "program.py", "exec"), {})
    assert len(reasons) == 1
    assert "importing a module" in reasons[0]
    monkeypatch.delitem(sys.modules, "half_done")


HARMLESS_LOOKING = {
    "partial of reduce": (
        "import functools\ndef f(x, y):\n    teleport()\n"
        "p = functools.partial(functools.reduce, f)\np([1, 2])"
    ),
    "partial of sum": (
        "import functools\nclass A:\n    def __iter__(self):\n        teleport()\n"
        "p = functools.partial(sum, A())\np()"
    ),
    "partial of context run": (
        "import functools, contextvars\ndef f(x):\n    teleport()\n"
        "p = functools.partial(contextvars.Context().run, f)\np(1)"
    ),
    "self bound anew": (
        "class A:\n    def __init__(self):\n        self, old = A.__new__(A), self\n        teleport()\nA()"
    ),
}


@pytest.mark.parametrize("name", HARMLESS_LOOKING)
def test_what_only_looks_harmless_is_refused(name: str) -> None:
    assert "cannot be moved" in refusal_of(HARMLESS_LOOKING[name])


def test_a_frame_of_another_thread_is_refused() -> None:
    reasons: list[str] = []
    root = sys._getframe()

    def work() -> None:
        try:
            capturer(lambda frame: False)
            from pyteleport_jupyter.frames import capture_stack

            capture_stack(sys._getframe(), root)
        except FrameRefused as refused:
            reasons.append(str(refused))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "not running in this thread" in reasons[0]


def test_a_refusal_changes_nothing() -> None:
    refused: list[str] = []
    results: list[object] = []

    def key(x: int) -> int:
        try:
            capturer(lambda frame: frame.f_code is test_a_refusal_changes_nothing.__code__)()
        except FrameRefused as reason:
            refused.append(str(reason))
        return -x

    results.append(sorted([1, 3, 2], key=key))
    assert results == [[3, 2, 1]]
    assert len(refused) == 3


CLASS = """
class Meta(type):
    def __init__(self, *given):
        pass
class Base:
    def __init_subclass__(cls):
        teleport()
class Made(Base, metaclass=Meta):
    teleport()
"""


def test_a_metaclass_that_runs_when_the_resumed_body_has_ended_is_refused_by_what_follows_it() -> None:
    """The frame around it is still in the call in which it was resumed."""
    names: dict[str, object] = {}
    code = compile(CLASS, "program.py", "exec", dont_inherit=True)
    names["teleport"] = capturer(lambda frame: frame.f_code is code)
    stack: frames.Stack | None = None
    try:
        exec(code, names)
    except Captured as captured:
        stack = captured.stack
    assert stack is not None
    resumed = frames.resume_code(stack, None)
    names["teleport"] = capturer(lambda frame: frame.f_code is resumed)
    with pytest.raises(FrameRefused, match=r"__init_subclass__ .* makes an object or a class by it"):
        exec(resumed, names)
