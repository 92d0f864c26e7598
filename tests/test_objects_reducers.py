"""Locks, weak references, context variables, files, views and iterators, small types of libraries."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from objects_travel import Far, pickled_of

from pyteleport_jupyter.errors import ObjectsRefused

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]


def test_locks_stay_held(move: Move) -> None:
    far = move(
        """
        import threading
        free = threading.Lock(); held = threading.Lock(); held.acquire()
        r = threading.RLock(); r.acquire(); r.acquire()
        c = threading.Condition(); ev = threading.Event(); ev.set()
        s = threading.Semaphore(2); s.acquire()
        two = [free]
        """
    )
    assert (
        far("(free.locked(), held.locked(), two[0] is free, ev.is_set(), s._value)")
        == "(False, True, True, True, 1)"
    )
    assert far("(r.release(), r.release(), r._is_owned())") == "(None, None, False)"


def test_queues_and_locals(move: Move) -> None:
    far = move(
        """
        import queue, threading
        q = queue.Queue(); q.put([1])
        l = threading.local(); l.x = q.queue[0]
        """
    )
    assert far("(l.x is q.get(), l.x)") == "(True, [1])"


def test_main_thread_is_the_main_thread(move: Move) -> None:
    assert move("import threading\nt = threading.main_thread()")("t is threading.main_thread()") == "True"


def test_weak_references(move: Move) -> None:
    far = move(
        """
        import weakref
        class A:
            def m(self): return 'm'
            def __repr__(self): return 'A'
        a = A(); r = weakref.ref(a); p = weakref.proxy(a)
        dead = weakref.ref(A()); deadp = weakref.proxy(A()); m = weakref.WeakMethod(a.m)
        v = weakref.WeakValueDictionary(k=a); k = weakref.WeakKeyDictionary({a: 1})
        s = weakref.WeakSet([a])
        log = []
        called = weakref.ref(a, lambda r: log.append('gone'))
        f = weakref.finalize(a, log.append, 'final')
        import gc
        def drop():
            global a
            del a
            gc.collect()
            return log
        """
    )
    assert far(
        "(r() is a, p.m(), type(p).__name__, dead(), m()(), v['k'] is a, k[a], list(s) == [a], f.alive)"
    ) == ("(True, 'm', 'ProxyType', None, 'm', True, 1, True, True)")
    assert far("type(deadp).__name__") == "'ProxyType'"
    assert far("(drop(), len(v), len(k), len(s), r())") == "(['final', 'gone'], 0, 0, 0, None)"


def test_proxy_is_not_a_second_copy(move: Move) -> None:
    far = move("""
        import weakref
        class A: pass
        a = A(); a.x = 1; p = weakref.proxy(a)
        """)
    assert far("(setattr(a, 'x', 2), p.x)") == "(None, 2)"


def test_context_variables(move: Move) -> None:
    far = move(
        """
        import contextvars, decimal
        v = contextvars.ContextVar('v', default='default'); u = contextvars.ContextVar('u')
        t = u.set([1]); u.reset(t)
        w = contextvars.ContextVar('w'); w.set('now'); used = t
        never = [variable in contextvars.copy_context() for variable in (v, u)]
        """
    )
    assert far("(v.get(), w.get(), u.get('unset'), used.var is u)") == "('default', 'now', 'unset', True)"
    # One that has a default and was not set gives what the caller would rather have.
    assert (
        far("(never, v.get('mine'), v in __import__('contextvars').copy_context())")
        == "([False, False], 'mine', False)"
    )


def test_token_of_another_context_is_refused(own_main: None) -> None:
    with pytest.raises(ObjectsRefused, match="t: _?contextvars.Token, it can only reset v in the context"):
        pickled_of("""
            import contextvars
            v = contextvars.ContextVar('v'); t = contextvars.copy_context().run(v.set, 1)
            """)


def test_numpy_error_state_is_entered_again(move: Move) -> None:
    far = move("""
        import numpy as np
        e = np.errstate(divide='raise'); e.__enter__()
        """)
    try:
        assert far("np.geterr()['divide']") == "'raise'"
        assert far("(e.__exit__(), np.geterr()['divide'])") == "(None, 'warn')"
    finally:
        __import__("numpy").seterr(divide="warn")


def test_files(move: Move, tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("one\ntwo\nthree\n")
    far = move(
        f"p = {str(tmp_path / 'f.txt')!r}\nb = open(p, 'rb'); b.read(4)\nt = open(p); first = t.readline()\ndef close(): t.close(); b.close()\n"
        "with open(p, 'a') as closed: closed.write('four')\nwith open(p, 'rb') as cb: pass\nread = b.read\nimport io\nm = io.BytesIO(b'x')"
    )
    assert far(
        "(b.read(3), b.tell(), t.readline(), t.name == p, t.mode, t.encoding.lower(), read(1), m.read())"
    ) == ("(b'two', 7, 'two\\n', True, 'r', 'utf-8', b'\\n', b'x')")
    sys.modules["__main__"].close()
    assert far(
        "(closed.closed, closed.name == p, closed.mode, cb.closed, type(cb).__name__, type(closed).__name__)"
    ) == ("(True, True, 'a', True, 'BufferedReader', 'TextIOWrapper')")


def test_views_look_at_the_same_dict(move: Move) -> None:
    far = move("d = {1: 'a'}; k = d.keys(); v = d.values(); i = d.items()")
    assert (
        far("(d.update({2: 'b'}), list(k), list(v), list(i))")
        == "(None, [1, 2], ['a', 'b'], [(1, 'a'), (2, 'b')])"
    )


def test_proxies_look_at_the_same_mapping(move: Move) -> None:
    far = move(
        """
        import collections, enum
        from types import MappingProxyType
        d = {1: 2}; p = MappingProxyType(d); c = collections.ChainMap({1: 2}); q = MappingProxyType(c)
        class A: x = 1
        class E(enum.Enum): M = 1
        a = vars(A); i = vars(int); m = E.__members__; g = MappingProxyType(globals())
        """
    )
    assert far("(d.update({3: 4}), p[3], c.update({5: 6}), q[5])") == "(None, 4, None, 6)"
    assert far(
        "(setattr(A, 'y', 2), a['y'], i is not vars(int), i == vars(int), m['M'] is E.M, g['d'] is d)"
    ) == ("(None, 2, True, True, True, True)")


def test_searches_go_on(move: Move) -> None:
    far = move(
        """
        import re
        e = re.finditer(r"\\d*", "a1b22é"); taken = [next(e)[0] for _ in range(4)]
        b = re.finditer(b"x", b"xx"); list(b)
        w = re.finditer("é|.", "aéb\U0001f600c"); next(w); next(w)
        p = re.compile("b").finditer("abab", 2); s = re.compile("a").scanner("aab"); s.match()
        """
    )
    assert far("(taken, [m[0] for m in e], list(b), [m[0] for m in w])") == (
        "(['', '1', '', '22'], ['', ''], [], ['b', '\U0001f600', 'c'])"
    )
    assert far("([m.pos for m in p], s.match().span(), s.match())") == "([2], (1, 2), None)"


def test_streams_in_memory(move: Move) -> None:
    far = move(
        """
        import io
        s = io.StringIO("a\\nb\\n"); s.readline(); b = io.BytesIO(b"xyz"); b.read(1); g = b.getbuffer()[1:]
        t = io.TextIOWrapper(io.BytesIO("é\\nf\\n".encode()), "utf-8"); lines = iter(t); next(lines)
        o = io.TextIOWrapper(io.BytesIO(), "utf-8"); o.write("hé"); closed = io.StringIO(), io.BytesIO()
        for each in closed: each.close()
        """
    )
    assert far("(s.read(), s.getvalue(), b.read(), next(lines), lines is t)") == (
        "('b\\n', 'a\\nb\\n', b'yz', 'f\\n', True)"
    )
    assert far("(o.buffer.getvalue(), o.write('!'), o.flush(), o.buffer.getvalue())") == (
        "(b'h\\xc3\\xa9', 1, None, b'h\\xc3\\xa9!')"
    )
    assert far("(g.__setitem__(0, 90), b.getvalue(), [each.closed for each in closed])") == (
        "(None, b'xZz', [True, True])"
    )


def test_dict_iterators_look_at_the_same_dict(move: Move) -> None:
    far = move(
        """
        d = {1: 'a', 2: 'b', 3: 'c'}; i = iter(d.items()); next(i)
        r = reversed(d); next(r)
        k = iter({}); v = iter(d.values()); list(v)
        """
    )
    assert (
        far("(d.__setitem__(2, 'B'), next(i), list(r), list(k), list(v))")
        == "(None, (2, 'B'), [2, 1], [], [])"
    )
    with pytest.raises(AssertionError, match="changed size"):
        far("(d.update({4: 4}), next(i))")


def test_other_iterators(move: Move) -> None:
    far = move(
        """
        import itertools as it
        l = [1, 2, 3]; i = iter(l); next(i)
        z = zip(l, it.count(5)); next(z)
        e = enumerate('ab')
        p = it.product('ab', repeat=2); next(p)
        c = it.chain([1], [2]); cy = it.cycle('ab'); next(cy)
        m = map(str, l); s = iter({1})
        t1, t2 = it.tee(iter('xy')); next(t1)
        """
    )
    assert far(
        "(l.append(4), list(i), next(z), list(e), next(p), list(c), next(cy), next(m), list(s), next(t2), next(t1))"
    ) == ("(None, [2, 3, 4], (2, 6), [(0, 'a'), (1, 'b')], ('a', 'b'), [1, 2], 'b', '1', [1], 'x', 'y')")


def test_matches(move: Move) -> None:
    far = move(
        """
        import re
        m = re.match('(a)(?P<n>b)?', 'ab'); s = re.search('b+', 'aabb'); f = re.fullmatch('a|ab', 'ab')
        l = list(re.finditer(r'\\w(\\d)', 'a1 b2'))[1]
        """
    )
    assert (
        far("(m['n'], s.span(), f.span(), l[1], l.start(), m.re.pattern)")
        == "('b', (2, 4), (0, 2), '2', 3, '(a)(?P<n>b)?')"
    )


def test_small_types(move: Move) -> None:
    far = move(
        """
        import struct, decimal, types, collections, pathlib, datetime, random, logging, operator, array, uuid
        s = struct.Struct('<i'); d = decimal.Decimal('1.5'); n = types.SimpleNamespace(a=[1])
        q = collections.deque([n], 3)
        p = pathlib.Path('/x'); r = random.Random(3); r.random()
        log = logging.getLogger('x.y'); g = operator.itemgetter(1)
        a = array.array('d', [1.5]); mp = types.MappingProxyType({'k': 1}); gr = random.random
        o = collections.OrderedDict(a=1)
        """
    )
    assert far(
        "(s.pack(1), d, q[0] is n, q.maxlen, p, log is logging.getLogger('x.y'), g([1, 2]), a, mp['k'], o)"
    ) == (
        "(b'\\x01\\x00\\x00\\x00', Decimal('1.5'), True, 3, PosixPath('/x'), True, 2, array('d', [1.5]), 1, OrderedDict([('a', 1)]))".replace(
            "OrderedDict([('a', 1)])", repr(__import__("collections").OrderedDict(a=1))
        )
    )
    assert far("gr.__self__ is random._inst") == "True"


def test_finished_futures_move(move: Move) -> None:
    far = move("""
        from concurrent.futures import Future
        f = Future(); f.set_result([1])
        """)
    assert far("(f.done(), f.result())") == "(True, [1])"


def test_figures(move: Move) -> None:
    far = move(
        """
        import matplotlib; matplotlib.use('agg')
        from matplotlib.figure import Figure
        fig = Figure(); ax = fig.subplots(); line, = ax.plot([1, 2])
        rc = matplotlib.rcParams
        """
    )
    assert far("(fig.axes[0] is ax, ax.lines[0] is line, rc is matplotlib.rcParams)") == "(True, True, True)"


def test_what_is_connected_to_a_figure_stays_so(move: Move) -> None:
    far = move(
        """
        import matplotlib; matplotlib.use('agg')
        import matplotlib.pyplot as plt
        from matplotlib.backend_bases import MouseEvent
        clicks = []
        def clicked(event): clicks.append(event.name)
        class Picker:
            def __init__(self, figure):
                self.key = 7; self.cid = figure.canvas.mpl_connect('button_press_event', self.picked)
            def picked(self, event): clicks.append('picked')
            def __hash__(self): return hash(self.key)
            def __eq__(self, other): return self is other
        figure = plt.figure(); ax = figure.add_subplot()
        cid = figure.canvas.mpl_connect('button_press_event', clicked)
        picker = Picker(figure); ax.callbacks.connect('xlim_changed', lambda ax: clicks.append('limits'))
        def press(): figure.canvas.callbacks.process('button_press_event', MouseEvent('press', figure.canvas, 1, 1))
        def let_go(): figure.canvas.mpl_disconnect(cid); figure.canvas.mpl_disconnect(picker.cid)
        """
    )
    asked = "(press(), ax.set_xlim(0, 5) and None, let_go(), press(), ax.set_xlim(0, 6) and None, clicks)[-1]"
    assert far(asked) == "['press', 'picked', 'limits', 'limits']"


def test_tables(move: Move) -> None:
    far = move(
        """
        import pandas as pd
        df = pd.DataFrame({'a': [1, 2, 2], 'b': ['x', 'y', None]}); g = iter(df.groupby('a')); next(g)
        """
    )
    assert (
        far("(int(df['a'].sum()), list(df['b'])[0], int(next(g)[0]), bool(df['b'].isna().sum() == 1))")
        == "(5, 'x', 2, True)"
    )
