"""Objects that are hostile, or only unlucky: a clear error or the right result, and nothing is changed here."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable

import pytest
from objects_travel import Far, main_of, pickled_of, session_of

from pyteleport_jupyter import objects
from pyteleport_jupyter.errors import ObjectsRefused

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("class A:\n    def __reduce__(self): return 3\nx = [A()]", r"x\[0\]: A, its __reduce__ returned 3, not a tuple of"),
        ("class A:\n    def __reduce__(self): return (3, ())\nx = [A()]", r"x\[0\]: A, its __reduce__ returned 3 as what makes the object"),
        ("class A:\n    def __reduce__(self): return print, 7\nx = [A()]", r"x\[0\]: A, its __reduce__ returned 7 as arguments, not a tuple"),
        ("class A:\n    def __reduce__(self): raise KeyError('k')\nx = [A()]", r"x\[0\]: A, KeyError: 'k'"),
        ("class A:\n    def __reduce__(self): return 'nowhere'\nx = [A()]", r"x\[0\]: A, .*nowhere"),
        ("class A:\n    def __getstate__(self): raise ValueError('no')\nx = {'k': A()}", r"x\['k'\]: A, ValueError: no"),
    ],
    ids=["number", "not callable", "no arguments", "raises", "no such name", "state raises"],
)  # fmt: skip
def test_reduce_that_raises_or_lies(own_main: None, source: str, words: str) -> None:
    with pytest.raises(ObjectsRefused, match=words):
        pickled_of(source)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("class A:\n    def __reduce__(self): return __import__, ('not_there_at_all',)\nx = [A()]", r"x.*No module named 'not_there_at_all'|not_there_at_all is missing"),
        ("class A:\n    def __reduce__(self): return int, ('seven',)\nx = [A()]", r"x\[0\].*invalid literal"),
        ("class A:\n    def __setstate__(self, s): raise ValueError('no')\nx = A(); x.a = 1", "x.*ValueError: no"),
        ("class A:\n    def __init__(self): self.a = 1\n    def __hash__(self): return self.a\nx = A(); d = {x: 1}; x.me = d", "AttributeError|could not be"),
    ],
    ids=["imports what is not there", "makes nothing", "state", "hash of an empty object"],
)  # fmt: skip
def test_what_cannot_be_rebuilt_is_named(own_main: None, far_process: Far, source: str, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        far_process.load(pickled_of(source))
    assert far_process("1 + 1") == "2"  # it goes on
    far_process.load(pickled_of("x = 3"))
    assert far_process("x") == "3"


def test_reduce_that_recurses_ten_thousand_deep(move: Move) -> None:
    far = move(
        """
        class A:
            def __init__(self, depth): self.depth = depth
            def __reduce__(self): return made, (A(self.depth - 1) if self.depth else None,)
        def made(inside): return [inside]
        def depth(x):
            n = 0
            while x is not None: x, n = x[0], n + 1
            return n
        x = A(10000)
        """
    )
    assert far("depth(x)") == "10001"


def test_object_that_changes_while_it_is_pickled(own_main: None) -> None:
    with pytest.raises(ObjectsRefused, match="it was changed, by a thread or by its own __getstate__"):
        pickled_of(
            """
            class A:
                def __getstate__(self):
                    d[len(d)] = 2
                    return {'a': 1}
            d = {'a': A(), 'b': 2}
            """
        )


def test_variables_that_appear_while_they_are_pickled(move: Move) -> None:
    """What moves are the variables of the beginning."""
    far = move(
        """
        class A:
            def __getstate__(self):
                globals()['new'] = 1
                return {'a': 1}
        a = A()
        """
    )
    assert far("(a.a, 'new' in globals())") == "(1, False)"


@pytest.mark.nightly
def test_reduce_without_an_end(own_main: None) -> None:
    with pytest.raises(ObjectsRefused, match="nested too deeply"):
        pickled_of("class A:\n    def __reduce__(self): return A, (A(),)\nx = A()")


def test_dict_that_a_thread_changes(own_main: None) -> None:
    main = main_of("d = {}\nclass A: pass")
    stop = threading.Event()

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            main["d"][number % 1000] = main["A"]()
            main["d"].pop((number * 7) % 1000, None)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(20):
            try:
                objects.dump(session_of(main), objects.NamespaceAnchors(main), {})
            except ObjectsRefused as refused:
                assert "it was changed, by a thread" in str(refused)
    finally:
        stop.set()
        thread.join()
    objects.dump(session_of(main), objects.NamespaceAnchors(main), {})


def _tiny(count: int) -> str:
    return f"class P:\n    def __init__(self, n): self.n = n\nx = [P(n) for n in range({count})]"


@pytest.mark.parametrize("count", [200_000, pytest.param(1_000_000, marks=pytest.mark.nightly)])
def test_many_tiny_objects(move: Move, count: int) -> None:
    far = move(_tiny(count))
    assert far("(len(x), x[0].n, x[-1].n, type(x[5]) is P)") == f"({count}, 0, {count - 1}, True)"
    far.load(pickled_of("x = None"))
    gc.collect()


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_ten_million_tiny_objects(move: Move) -> None:
    far = move(_tiny(10_000_000))
    assert far("(len(x), x[-1].n)") == "(10000000, 9999999)"
    far.load(pickled_of("x = None"))


def test_names_that_shadow_builtins(move: Move) -> None:
    far = move(
        """
        class A: pass
        a = A(); a.x = [1]
        def f(): return a.x
        list = 3; open = 'x'; type = 5; print = None; dict = 4; object = 1; getattr = 2; __import__ = 6; vars = len = id = super = 0
        """
    )
    assert far("(list, open, type, print, a.x, f() is a.x)") == "(3, 'x', 5, None, [1], True)"


def test_classes_and_functions_named_like_ours(move: Move) -> None:
    far = move(
        """
        class Reference:
            kind = 'mine'
        class Pickled(dict): pass
        class Tombstone: pass
        class Registered: pass
        class CannotMove(Exception): pass
        class TeleportError(Exception): pass
        def resolve_reference(kind, name): return 'mine'
        def run_later(action): return 'mine too'
        def make_class(): return 3
        r, p, t = Reference(), Pickled(k=1), Tombstone(); t.a = 1
        error = CannotMove('x')
        """
    )
    assert (
        far("(r.kind, p, t.a, resolve_reference(1, 2), run_later(0), make_class(), error.args)")
        == "('mine', {'k': 1}, 1, 'mine', 'mine too', 3, ('x',))"
    )


def test_modules_named_like_ours(move: Move) -> None:
    far = move(
        """
        import types, sys
        objects = types.ModuleType('objects'); objects.x = [1]
        anchors = types.ModuleType('pyteleport_jupyter_objects.anchors'); anchors.y = objects.x
        """
    )
    assert far("(anchors.y is objects.x, objects.__name__)") == "(True, 'objects')"
