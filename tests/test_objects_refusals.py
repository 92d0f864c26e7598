"""What cannot move is refused: all of it, each with its path, its type and the reason; nothing is changed."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from typing import Any

import numpy as np
import pytest
from objects_travel import main_of, pickled_of, session_of

from pyteleport_jupyter import objects
from pyteleport_jupyter.errors import ObjectsRefused
from pyteleport_jupyter.frames import capture_stack, running_generators
from pyteleport_jupyter.objects.delays import telling_of_delays
from pyteleport_jupyter.objects.pickler import new_reduction
from pyteleport_jupyter.objects.walk import Walk

pytest_plugins = ["objects_fixtures"]


def refused(source: str, **items: Any) -> tuple[objects.Refusal, ...]:
    with pytest.raises(ObjectsRefused) as caught:
        pickled_of(source, **items)
    refusals = caught.value.refusals
    assert all(isinstance(refusal, objects.Refusal) for refusal in refusals)
    return refusals  # type: ignore[return-value]


def paths(source: str, **items: Any) -> list[str]:
    return [refusal.path for refusal in refused(source, **items)]


BAD = "import _queue\ndef bad(): return _queue.SimpleQueue()\nclass A: pass\n"


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("x = bad()", "x"),
        ("data = {'deep': [1, A()]}; data['deep'][1].s = bad()", "data['deep'][1].s"),
        ("t = ((1, (2, bad())),)", "t[0][1][1]"),
        ("s = {1, bad()}", "s (an element)"),
        ("d = {3.5: bad()}", "d[3.5]"),
        ("d = {bad(): 1}", "d (a key)"),
        ("def f(x=bad()): pass", "f.__defaults__[0]"),
        ("def f(*, x=bad()): pass", "f.__kwdefaults__['x']"),
        ("def f(): pass\nf.own = bad()", "f.own"),
        ("def make():\n    q = bad()\n    return lambda: q\nf = make()", "f (its variable q)"),
        ("class C:\n    attribute = bad()", "C.attribute"),
        ("class C:\n    def m(self, x=bad()): pass", "C.m.__defaults__[0]"),
        ("class S:\n    __slots__ = 'q'\ns = S(); s.q = bad()", "s.q"),
        ("class L(list): pass\nl = L([0, bad()])", "l[1]"),
        ("class D(dict): pass\nl = D(k=bad())", "l['k']"),
        ("e = ValueError('x', bad())", "e.args[1]"),
        ("a = A(); a.m = bad(); b = a.m.get", "a.m"),
        ("import functools\np = functools.partial(print, bad())", "p.args[0]"),
        ("import weakref\nclass Q:\n    pass\nq = Q(); q.q = bad(); r = weakref.ref(q)", "q.q"),
        ("import numpy as np\na = np.array([1, bad()], dtype=object)", "a (inside)[1]"),
        ("import collections\nq = collections.deque([0, bad()])", "q[1]"),
        ("import types\nm = types.ModuleType('m'); m.q = bad()", "m.q"),
    ],
)
def test_paths(own_main: None, source: str, path: str) -> None:
    assert paths(BAD + source) == [path]


def test_all_are_listed_with_reasons(own_main: None) -> None:
    a, b = socket.socketpair()
    try:
        rows = refused(
            """
            import threading, itertools
            t = threading.Thread(target=print)
            l = threading.RLock()
            ok = [1]
            _hidden = threading.Thread()
            """,
            sockets=[a, b],
        )
    finally:
        a.close()
        b.close()
    assert [(row.name, row.path, row.type) for row in rows] == [
        ("t", "t", "threading.Thread"),
        ("_hidden", "_hidden", "threading.Thread"),
        ("sockets", "sockets[0]", "socket.socket"),
        ("sockets", "sockets[1]", "socket.socket"),
    ]
    assert all(row.reason for row in rows)


def test_aliases_are_told(own_main: None) -> None:
    (row,) = refused(BAD + "x = bad(); y = [x]; z = {'k': y}")
    assert (row.path, row.also) == ("x", ("y[0]",))


@pytest.fixture
def writable() -> Iterator[TextIOWrapper]:
    """An open pipe, which cannot move."""
    read, write = os.pipe()
    with open(write, "w") as file, open(read):
        yield file


@pytest.mark.parametrize("kind", ["float", "object", "S3"])
def test_arrays_beside_an_open_file_are_not_blamed(
    own_main: None, writable: TextIOWrapper, kind: str
) -> None:
    source = f"""
        import pickle
        import numpy as np
        array = np.arange(6.0).reshape(2, 3).astype({kind!r})
        turned, some, masked = array.T, array[:, ::2], np.ma.masked_array(np.arange(3.0), [0, 1, 0])
        generator = np.random.default_rng(1)
        buffer = pickle.PickleBuffer(b"abc")
        """
    (row,) = refused(source, numbers=np.random.get_state(), file=writable)
    assert (row.path, row.type, row.also) == ("file", "_io.TextIOWrapper", ())


def test_figure_beside_an_open_file_is_not_blamed(own_main: None, writable: TextIOWrapper) -> None:
    source = """
        from matplotlib.figure import Figure
        figure = Figure()
        figure.subplots().imshow([[1.0, 2.0], [3.0, 4.0]])
        figure.axes[0].plot([1.0, 2.0])
        """
    (row,) = refused(source, file=writable)
    assert (row.path, row.type, row.also) == ("file", "_io.TextIOWrapper", ())


def test_message_has_one_line_for_each_and_is_bounded(own_main: None) -> None:
    with pytest.raises(ObjectsRefused) as caught:
        pickled_of(BAD + "xs = [bad() for _ in range(100)]\nlong = {'k' * 500: [bad()]}")
    text = str(caught.value)
    assert "xs[0]: _queue.SimpleQueue, it hands elements" in text
    assert "and 89 more" in text
    assert len(text) < 4000


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import threading\nx = threading.Thread()", "this thread belongs to this process"),
        ("from concurrent.futures import ThreadPoolExecutor\nx = ThreadPoolExecutor()", "shut it down first"),
        ("from concurrent.futures import Future\nx = Future()", "still being computed"),
        ("import sys\nx = sys._getframe()", "a frame of this process"),
        ("import mmap\nx = mmap.mmap(-1, 10)", "memory shared"),
        ("import hashlib\nx = hashlib.md5()", "hidden in C"),
        (
            "import subprocess\nx = subprocess.Popen(['true']); x.wait()",
            "a process that was started here stays here",
        ),
        (
            "import numpy as np, tempfile\nx = np.memmap(tempfile.TemporaryFile(), shape=3)",
            "writes to a file without a name here",
        ),
        ("x = 1\nx = iter(globals().keys())\nnext(x)", "over the variables of the notebook"),
        ("import threading\nx = threading.Condition()\nx._waiters.append(1)", "a thread waits for it"),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_reasons(own_main: None, source: str, reason: str) -> None:
    rows = {row.path: row.reason for row in refused(source)}
    assert reason in rows["x"]


def test_lock_of_another_thread(own_main: None) -> None:
    import threading

    lock, taken, done = threading.RLock(), threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            taken.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    try:
        assert refused("x = 1", lock=lock)[0].reason == "another thread holds it"
    finally:
        done.set()
        thread.join()


def test_objects_that_break_while_being_asked(own_main: None) -> None:
    (row,) = refused(
        """
        class Odd:
            def __reduce__(self): raise LookupError('not today\\nreally')
        x = [Odd()]
        """
    )
    assert (row.path, row.type, row.reason) == ("x[0]", "Odd", "LookupError: not today")


def test_functions_found_by_name_only_here(own_main: None) -> None:
    (row,) = refused("""
        class Odd:
            def __reduce__(self): return 'o'
        o = Odd()
        """)
    assert "exists here alone" in row.reason


def capture(root: Callable[[Callable[[], None]], Any]) -> Any:
    """Runs ``root``, which calls what it gets as ``pause``; returns the stack between the two."""
    found: list[Any] = []

    def pause() -> None:
        top = sys._getframe(1)
        frame = top
        while frame.f_code.co_name != "<module>":
            assert frame.f_back is not None
            frame = frame.f_back
        found.append(capture_stack(top, frame))

    root(pause)
    return found[0]


STACK = """
def outer(n):
    fine = [n]
    return inner(fine, q=bad())
def inner(x, q):
    data = {'k': [q, A()]}
    data['k'][1].q = q2 = bad()
    return len([bad(), pause(), x])
outer(1)
"""


def refused_while_running(source: str) -> tuple[objects.Refusal, ...]:
    """What cannot move while ``source`` is inside its call of ``pause``."""
    main = main_of(BAD)

    def run(pause: Callable[[], None]) -> None:
        main["pause"] = pause
        exec(compile(source, "<cell>", "exec"), main)
        del main["pause"]

    stack = capture(run)
    root = {**session_of(main), "stack": stack}
    with pytest.raises(ObjectsRefused) as caught:
        objects.dump(root, objects.NamespaceAnchors(main), running_generators(stack))
    return caught.value.refusals  # type: ignore[return-value]


def test_locals_of_running_functions_are_named(own_main: None) -> None:
    rows = {(row.path, *row.also) for row in refused_while_running(STACK)}
    words = "inner (line 8 of <cell>)"
    assert (f"local q of {words}", f"local data of {words}['k'][0]") in rows
    assert (f"local q2 of {words}", f"local data of {words}['k'][1].q") in rows
    assert (f"a value in use in {words}",) in rows or (f"inside a value in use in {words}",) in rows


IN_USE = """
kept = [0, bad()]
print(kept[1].get, kept[1], bad(), bad().get, [A(), [bad()]], pause())
"""


def test_values_in_use_go_by_the_names_of_variables_if_they_have_any(own_main: None) -> None:
    rows = [(row.path, row.also) for row in refused_while_running(IN_USE)]
    words = "a value in use in line 3 of <cell>"
    assert sorted(rows) == [(words, ()), (f"inside {words}", ()), (f"inside {words}", ()), ("kept[1]", ())]


def test_nothing_is_changed_by_a_refusal(own_main: None) -> None:
    namespace = main_of(BAD + "x = bad(); x.put(1); a = {'n': 1}")
    before = dict(namespace)
    with pytest.raises(ObjectsRefused):
        objects.dump(session_of(namespace), objects.NamespaceAnchors(namespace), {})
    assert namespace == before
    assert namespace["x"].qsize() == 1


def walked(source: str, seconds: float = 60.0, hasty: bool = False) -> Walk:
    namespace = main_of(source)
    root = session_of(namespace)
    walk = Walk(new_reduction(root, objects.NamespaceAnchors(namespace), {}), hasty)
    walk.run(root, seconds)
    return walk


BOTH = pytest.mark.parametrize("hasty", [False, True])


@BOTH
def test_large_containers_are_walked_to_their_end(own_main: None, hasty: bool) -> None:
    walk = walked(
        "import socket\nx = [[] for _ in range(3 * 1000)]; x.append([socket.socket()])", hasty=hasty
    )
    (refused,) = walk.refused.values()
    assert list(map(str, refused.paths)) == ["x[3000][0]"]
    refused.obj.close()
    assert walk.complete


@BOTH
def test_of_many_like_instances_the_odd_one_is_found(own_main: None, hasty: bool) -> None:
    walk = walked(
        """
        import socket
        class P: pass
        x = [P() for _ in range(1500)]
        for number, p in enumerate(x): p.number = number
        x[1400].deep = {'s': socket.socket()}
        """,
        hasty=hasty,
    )
    (refused,) = walk.refused.values()
    assert list(map(str, refused.paths)) == ["x[1400].deep['s']"]
    refused.obj.close()


@BOTH
def test_of_many_paths_to_one_object_some_are_kept(own_main: None, hasty: bool) -> None:
    walk = walked("import socket\ns = socket.socket(); x = [[s] for _ in range(2000)]", hasty=hasty)
    (refused,) = walk.refused.values()
    assert len(refused.paths) == 8
    refused.obj.close()


@BOTH
def test_a_walk_that_takes_too_long_ends(own_main: None, hasty: bool) -> None:
    assert not walked("x = [[] for _ in range(10_000)]", seconds=-1.0, hasty=hasty).complete


def test_what_is_inside_of_plain_instances_goes_by_its_path(own_main: None) -> None:
    walk = walked(
        """
        import _queue
        from dataclasses import dataclass
        from collections import namedtuple
        @dataclass
        class D: held: object
        @dataclass(frozen=True, slots=True)
        class F: held: object
        class S:
            __slots__ = 'held', '__dict__'
        T = namedtuple('T', 'n held')
        def filled():
            s = S(); s.held = [{'k': _queue.SimpleQueue()}]; s.own = T(1, (_queue.SimpleQueue(),))
            return s
        ds = [D({1: D([i])}) for i in range(9)]; ds[7].held[1].held[0] = _queue.SimpleQueue()
        fs = [F((i, F([]))) for i in range(9)]; fs[7].held[1].held.append(_queue.SimpleQueue())
        first, second = S(), filled()
        """,
        hasty=True,
    )
    assert sorted(str(refused.paths[0]) for refused in walk.refused.values()) == [
        "ds[7].held[1].held[0]",
        "fs[7].held[1].held[0]",
        "second.held[0]['k']",
        "second.own (inside)[0]",
    ]


def test_what_one_instance_of_a_plain_kind_refuses_is_found_more_slowly(own_main: None) -> None:
    (row,) = refused(
        """
        import datetime
        class Zone(datetime.tzinfo):
            def utcoffset(self, when): return datetime.timedelta(0)
            def __reduce__(self): raise TypeError("a zone of my own")
        days = [datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 1, tzinfo=Zone())]
        """
    )
    assert (row.path, "a zone of my own" in row.reason) == ("days[1] (inside)", True)


def test_who_waits_for_the_search_is_told(own_main: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyteleport_jupyter.objects.walk.SILENT_SECONDS", 0.0)
    told: list[str] = []
    with telling_of_delays(told.append):
        refused(BAD + "x = [[] for _ in range(3000)]; y = bad()")
    assert told == ["look for what cannot move"]
