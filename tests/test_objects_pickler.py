"""One pickle with one memo: identities survive, live objects go by name, buffers are not copied."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from objects_travel import LIVE, Far, main_of, pickled_of, session_of

from pyteleport_jupyter import objects
from pyteleport_jupyter.errors import ObjectsRefused
from pyteleport_jupyter.objects import deep

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]


def test_aliases_and_cycles_survive(move: Move) -> None:
    far = move("a = [1]; b = {'a': a}; a.append(b); t = (a, b)")
    assert far("(a[1] is b, b['a'] is a, t[0] is a, t[1] is b)") == "(True, True, True, True)"


def test_items_share_the_memo_with_the_namespace(move: Move) -> None:
    shared: list[object] = ["shared"]
    far = move("x = 1", here=shared, there=[shared])
    assert far("items['there'][0] is items['here']") == "True"


def test_functions_keep_their_namespace(move: Move) -> None:
    far = move(
        """
        counter = 0
        def f():
            global counter
            counter += 1
            return g()
        def g(): return counter
        """
    )
    assert far("(f(), f(), counter, f.__globals__ is globals())") == "(1, 2, 2, True)"


def test_two_functions_share_a_cell(move: Move) -> None:
    far = move(
        """
        def make():
            n = 0
            def up():
                nonlocal n
                n += 1
            def get(): return n
            return up, get
        up, get = make()
        """
    )
    assert far("(up(), up(), get())[2]") == "2"


def test_recursive_closure_and_empty_cell(move: Move) -> None:
    far = move(
        """
        def make():
            def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
            return fib
        fib = make()
        def half():
            def get(): return late
            yield get
            late = 1
        get = next(half())
        """
    )
    assert far("(fib(10), fib.__closure__[0].cell_contents is fib)") == "(55, True)"
    with pytest.raises(AssertionError, match="NameError"):
        far("get()")


def test_namespace_and_live_objects_go_by_name(move: Move) -> None:
    far = move("here = [globals()]", live=LIVE, nested=[LIVE])
    assert far("(here[0] is globals(), items['live'] is items['nested'][0], items['live'])") == (
        "(True, True, ['lives in the worker'])"
    )


def test_dict_of_a_module_inside_a_container_is_that_dict(move: Move) -> None:
    far = move(
        """
        import math, json.decoder, builtins
        x = [vars(math), {'d': vars(json.decoder)}, vars(builtins)]
        """
    )
    assert (
        far("[x[0] is vars(math), x[1]['d'] is vars(json.decoder), x[2] is vars(builtins)]")
        == "[True, True, True]"
    )


def test_user_code_that_runs_while_loading_finds_its_globals(move: Move) -> None:
    far = move(
        """
        import math
        SALT = 3
        def helper(n): return math.floor(n) * SALT
        class Key:
            def __init__(self, n): self.n = n
            def __hash__(self): return helper(self.n)
            def __eq__(self, other): return self.n == other.n
            def __setstate__(self, state): self.n = helper(1) - 2 + state['n'] - 1
        d = {Key(1): 'one', Key(2): 'two'}
        s = {Key(5)}
        """
    )
    assert far("(d[Key(2)], Key(5) in s)") == "('two', True)"


def test_methods_with_super_run_while_loading(move: Move) -> None:
    far = move(
        """
        class A:
            def __hash__(self): return 1
        class B(A):
            def __hash__(self): return super().__hash__() + 1
        s = {B()}
        """
    )
    assert far("hash(next(iter(s)))") == "2"


def test_order_of_the_namespace_is_kept(move: Move) -> None:
    far = move("""
        z = [1]
        a = 2
        def m(): pass
        b = {}
        """)
    assert far("[name for name in globals() if name in 'zamb']") == "['z', 'a', 'm', 'b']"


def test_arrays_travel_beside_the_stream_without_a_copy(own_main: None) -> None:
    namespace = main_of("""
        import numpy as np
        a = np.arange(4_000_000.0)
        b = a[10:20]
        """)
    anchors = objects.NamespaceAnchors(namespace)
    objects.dump(session_of(namespace), anchors, {})  # imports are not to be counted
    tracemalloc.start()
    try:
        pickled = objects.dump(session_of(namespace), anchors, {})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000 < 32_000_000 < pickled.total_bytes
    largest = max(pickled.buffers, key=len)
    namespace["a"][5] = 77.0
    assert np.frombuffer(largest)[5] == 77.0


def test_arrays_arrive_writable_and_equal(move: Move) -> None:
    far = move("""
        import numpy as np
        a = np.arange(1000).reshape(10, 100); f = np.asfortranarray(a); same = a
        """)
    assert (
        far("(int(a.sum()), same is a, a.flags.writeable, bool((f == a).all()))")
        == "(499500, True, True, True)"
    )


def test_arrays_live_in_the_received_buffers(own_main: None) -> None:
    pickled = pickled_of("import numpy as np\na = np.zeros(1000)")
    received = [bytearray(buffer) for buffer in pickled.buffers]
    loaded = objects.load(pickled.stream, received, objects.NamespaceAnchors({}))
    loaded.root["namespace"]["a"][0] = 1.0
    assert any(any(buffer) for buffer in received)


def test_two_dumps_are_the_same_bytes(own_main: None) -> None:
    namespace = main_of(
        """
        import math
        def f(): return math.pi
        class A:
            x = f
        d = {'a': [1, 2.5, A()], 'b': f}
        """
    )
    first, second = (
        objects.dump(session_of(namespace), objects.NamespaceAnchors(namespace), {}) for _ in range(2)
    )
    assert first.stream == second.stream


def test_modules_of_the_stream_are_listed(own_main: None) -> None:
    pickled = pickled_of(
        """
        import json.decoder, fractions
        x = fractions.Fraction(1)
        j = json.decoder
        def f(): pass
        """
    )
    assert {"json.decoder", "fractions"} <= pickled.modules
    assert not {name for name in pickled.modules if name.startswith(("pyteleport_jupyter", "cloudpickle"))}


def test_functions_by_name_of_numpy_are_listed(own_main: None) -> None:
    assert "numpy" in {
        name.partition(".")[0] for name in pickled_of("from numpy import sin as s, float32 as f").modules
    }


@pytest.mark.parametrize("kind", ["x = [x]", "x = {'x': x}", "x = N(x)", "x = (x,)"])
def test_deep_structures_move(move: Move, kind: str) -> None:
    far = move(
        f"class N:\n    def __init__(self, x): self.x = x\nx = None\nfor _ in range(10_000): {kind}\n"
        "def depth(x):\n    n = 0\n    while x is not None:\n        n += 1\n"
        "        x = x.x if isinstance(x, N) else next(iter(x.values())) if isinstance(x, dict) else x[0]\n"
        "    return n"
    )
    assert far("depth(x)") == "10000"


def test_endless_depth_is_refused(own_main: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deep, "FRAME_LIMIT", 5000)
    limit = sys.getrecursionlimit()
    with pytest.raises(ObjectsRefused, match="deep: object, it is nested too deeply"):
        pickled_of("deep = []\nfor _ in range(100_000): deep = [deep]")
    assert sys.getrecursionlimit() == limit


def test_module_of_run_keeps_its_globals(move: Move) -> None:
    module = ModuleType("__main__", "of a script")
    exec("n = 1\ndef f():\n    global n\n    n += 1\n    return n", vars(module))
    far = move("x = 1", function=module.f, main=module)
    assert far(
        "(items['function'](), items['main'].n, items['function'].__globals__ is vars(items['main']))"
    ) == ("(2, 2, True)")


def test_handmade_module_can_be_imported_there(move: Move) -> None:
    try:
        far = move(
            """
            import sys, types
            made = types.ModuleType('made_by_hand')
            made.value = [1]
            sys.modules['made_by_hand'] = made
            v = made.value
            """
        )
    finally:
        del sys.modules["made_by_hand"]
    assert far("(__import__('made_by_hand') is made, made.value is v)") == "(True, True)"


def test_dict_of_a_running_script_is_shared_everywhere(own_main: None) -> None:
    module = ModuleType("__main__", "of a script")
    namespace = main_of("x = 1")
    vars(module)["__builtins__"] = namespace["__builtins__"]
    vars(module)["own"] = [vars(module)]

    @dataclass(frozen=True)
    class Snapshot:
        globals: dict[str, object]
        values: tuple[object, ...]

    Snapshot.__module__ = "__main__"
    frames = (Snapshot(vars(module), ((vars(module), 1), module)),)
    stack = SimpleNamespace(frames=frames, all_frames=frames)
    pickled = objects.dump({**session_of(namespace), "stack": stack}, objects.NamespaceAnchors(namespace), {})
    loaded = objects.load(pickled.stream, pickled.buffers, objects.NamespaceAnchors({}))
    (frame,) = loaded.root["stack"].frames
    where, script = frame.values
    assert where[0] is vars(script) is frame.globals is script.own[0]
