"""Arrays that share memory still do after the move; tables never do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from objects_travel import Far, main_of, pickled_of

from pyteleport_jupyter.inventory.stock import plan_of, session_of_main

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]


def test_views_look_at_one_array(move: Move) -> None:
    far = move(
        """
        import numpy as np
        a = np.arange(10); v = a[::2]; w = v[1:]; r = a.reshape(2, 5); back = a[::-1]
        """
    )
    assert far("(v.__setitem__(1, 99), a[2], w[0], r[0, 2], back[-3])").count("99") == 4
    assert far("(a.flags.writeable, w.strides, r.shape)") == "(True, (16,), (2, 5))"


@pytest.mark.parametrize(
    ("source", "question", "answer"),
    [
        ("a = np.asfortranarray(np.zeros((3, 4))); v = a[1:, ::2]", "(v.__setitem__((0, 0), 7), float(a[1, 0]), a.flags.f_contiguous)", "(None, 7.0, True)"),
        ("a = np.array([[1], 'x', None], dtype=object); v = a[::-1]", "(v[2] is a[0], v.__setitem__(0, 5), a[2])", "(True, None, 5)"),
        ("a = np.array(['2020', '2021'], dtype='M8[s]'); v = a[1:]", "(v.__setitem__(0, a[0]), str(a[1]))", "(None, '2020-01-01T00:00:00')"),
        ("a = np.zeros(3, dtype=[('x', 'i4'), ('y', 'f8')]); v = a['y']", "(v.fill(2), float(a[1]['y']))", "(None, 2.0)"),
        ("a = np.arange(3); v = a[:]; v.flags.writeable = False", "(v.flags.writeable, a.__setitem__(0, 4), int(v[0]))", "(False, None, 4)"),
        ("a = np.arange(3); v = np.broadcast_to(a, (10**7, 3))", "(v.strides[0], a.__setitem__(0, 4), int(v[10**6, 0]))", "(0, None, 4)"),
        ("a = np.arange(6); v = np.lib.stride_tricks.sliding_window_view(a, 3); u = v[1:]", "(a.__setitem__(1, 9), int(v[0, 1]), int(u[0, 0]))", "(None, 9, 9)"),
    ],
)  # fmt: skip
def test_kinds_of_views(move: Move, source: str, question: str, answer: str) -> None:
    assert move(f"import numpy as np\n{source}")(question) == answer


@pytest.mark.filterwarnings("ignore")  # numpy wants fewer of these classes
@pytest.mark.parametrize(
    ("source", "question", "answer"),
    [
        ("m = np.matrix([[1, 2], [3, 4]]); v = m[0]; a = np.asarray(m)", "(type(v).__name__, v.__setitem__((0, 0), 9), int(m[0, 0]), int(a[0, 0]))", "('matrix', None, 9, 9)"),
        ("r = np.rec.array([(1, 2.0)], dtype=[('a', 'i4'), ('b', 'f8')]); v = r.a", "(type(r).__name__, v.__setitem__(0, 7), int(r[0].a))", "('recarray', None, 7)"),
        ("c = np.char.array(['a', 'b']); v = c[:1]", "(v.__setitem__(0, 'z'), c.tolist())", "(None, ['z', 'b'])"),
        ("d = np.arange(4.0); m = np.ma.array(d, mask=[0, 1, 0, 0], copy=False); n = np.ma.array([1]); m.note = 'q'", "(d.__setitem__(0, 9), m.filled(7).tolist(), n.mask is np.ma.nomask, m.note)", "(None, [9.0, 7.0, 2.0, 3.0], True, 'q')"),
        ("x = np.zeros((2, 3, 4)).transpose(1, 0, 2) + 0; v = x[0]; s = x.strides", "(x.strides == s, v.__setitem__((0, 0), 9), float(x[0, 0, 0]))", "(True, None, 9.0)"),
        ("a = np.array(['a', 'b', 'c', 'd'], np.dtypes.StringDType()); r = a[::-2]; m = a.reshape(2, 2)", "(r.tolist(), r.__setitem__(0, 'z'), a[3], m[1, 1])", "(['d', 'b'], None, 'z', 'z')"),
        ("a = np.ones(2, [('d', 'M8[s]')]); z = np.zeros(3, 'U0'); e = np.zeros((0, 3)); g = np.array(3.5)", "(str(a[0]['d']), z.shape, e.shape, g.item())", "('1970-01-01T00:00:01', (3,), (0, 3), 3.5)"),
    ],
)  # fmt: skip
def test_memory_is_shared_whatever_the_class(move: Move, source: str, question: str, answer: str) -> None:
    assert move(f"import numpy as np\n{source}")(question) == answer


USERS = """
import numpy as np
class A(np.ndarray):
    __slots__ = ("slot",)
class B(np.ndarray):
    def __new__(cls, n, unit):
        self = super().__new__(cls, n)
        self[:], self.unit = 0, unit
        return self
    def __array_finalize__(self, other): self.unit = getattr(other, "unit", None)
class C(np.ndarray):
    def __reduce__(self):
        function, args, state = super().__reduce__()
        return function, args, (*state, self.unit)
    def __setstate__(self, state):
        self.unit = state[-1]
        super().__setstate__(state[:-1])
a = np.zeros(3).view(A); a.slot = [1]; v = a[1:]
b = B(3, "m"); w = b[1:]; w.unit = "km"
c = np.arange(3).view(C); c.unit = 5
o = np.array([1, [2]], dtype=object).view(B); o.unit = "o"; o[0] = o
"""


def test_arrays_of_the_users_classes_keep_their_attributes(move: Move) -> None:
    far = move(USERS)
    assert far("(a.slot, b.unit, w.unit, c.unit, c.tolist(), o.unit, o[0] is o, type(o).__name__)") == (
        "([1], 'm', 'km', 5, [0, 1, 2], 'o', True, 'B')"
    )
    assert (
        far("(v.__setitem__(0, 4), float(a[1]), w.__setitem__(0, 5), float(b[1]))")
        == "(None, 4.0, None, 5.0)"
    )


def test_a_class_that_makes_copies_is_told_in_the_plan(own_main: None) -> None:
    namespace = main_of(USERS + "d = np.arange(9).reshape(3, 3).view(C)")
    rows = {row.name: (row.verdict, row.reason) for row in plan_of(None, session_of_main(namespace))}
    assert rows["b"] == ("moves", "")
    assert rows["c"][0] == "rebuilt"
    assert "shares memory with no other array there" in rows["c"][1]


@pytest.mark.parametrize(
    ("source", "question", "answer"),
    [
        ("b = bytearray(16); a = np.frombuffer(b, 'i4'); m = memoryview(b)", "(a.__setitem__(0, 5), b[0], m[0])", "(None, 5, 5)"),
        ("import array; b = array.array('i', [1, 2]); a = np.frombuffer(b, 'i4')", "(a.__setitem__(0, 5), b[0])", "(None, 5)"),
        ("b = bytearray(16); a = np.frombuffer(b, 'u1'); c = np.frombuffer(b, 'u4', offset=4); del b", "(a.__setitem__(4, 5), int(c[0]))", "(None, 5)"),
        ("m = memoryview(bytearray(range(8)))[2:]; a = np.frombuffer(m, 'u1')", "(a.__setitem__(0, 99), m[0])", "(None, 99)"),
        ("a = np.frombuffer(bytes(8), 'i4')", "(a.flags.writeable, a.tolist())", "(False, [0, 0])"),
    ],
)  # fmt: skip
def test_memory_of_others_is_shared(move: Move, source: str, question: str, answer: str) -> None:
    assert move(f"import numpy as np\n{source}")(question) == answer


def test_a_buffer_that_only_an_array_looks_at_is_not_written(own_main: None) -> None:
    pickled = pickled_of("import numpy as np\na = np.frombuffer(bytearray(1 << 20), 'u1')")
    assert len(pickled.stream) < 10_000
    assert [buffer.nbytes for buffer in pickled.buffers] == [1 << 20]


def test_part_of_a_mapped_file(move: Move, tmp_path: Path) -> None:
    (tmp_path / "numbers").write_bytes(bytes(10))
    path = repr(str(tmp_path / "numbers"))
    far = move(f"import numpy as np\npath = {path}\nv = np.memmap(path, 'u1', 'r+')[2:]")
    assert far("(v.__setitem__(0, 77), v.flush(), open(path, 'rb').read()[2])") == "(None, None, 77)"


def test_the_base_of_a_view_is_the_array_that_moved(move: Move) -> None:
    far = move(
        """
        import numpy as np
        a = np.arange(12.); r = np.zeros(3, dtype=[('x', 'f8'), ('y', 'i4')]); o = np.array([1, [2], 3], dtype=object)
        z = np.zeros((2, 3), order='F'); e = np.zeros((0, 3)); n = np.array(5); d = np.array(['2020-01-01'], 'M8[D]')
        views = [a[2:], a[2:][1:], a.reshape(3, 4), a.reshape(3, 4).T, a[::2], a.view('i8'), a[::-1]]
        others = r['y'], o[1:], z[:, 1]
        """
    )
    assert far("all(view.base is a for view in views)") == "True"
    assert far("[view.base is whole for view, whole in zip(others, (r, o, z))]") == "[True, True, True]"
    assert far("(a.flags.writeable, z.flags.f_contiguous, e.shape, n.item(), str(d[0]), int(a.sum()))") == (
        "(True, True, (0, 3), 5, '2020-01-01', 66)"
    )


def test_a_part_does_not_drag_the_whole_along(own_main: None) -> None:
    assert pickled_of("import numpy as np\nv = np.zeros(1 << 20)[:4]").total_bytes < 10_000


def test_twice_moved_views(move: Move, far_process: Far) -> None:
    """There the memory is that of the buffers which came in: views of one array still know each other."""
    far = move("import numpy as np\na = np.arange(10); v = a[1:4]")
    assert far("v.base is not None and (v.base is a or v.base is a.base)") == "True"


def test_tables_copy_on_write(move: Move) -> None:
    far = move(
        """
        import pandas as pd
        df = pd.DataFrame({'a': [1, 2], 'b': [3, 4], 'd': pd.to_datetime(['2020', '2021'])})
        column = df['a']; same = df[:]; days = df['d']; raw = pd.array([1, None], dtype='Int64'); s = pd.Series(raw); t = s[:]
        """
    )
    assert (
        far("(df.iloc.__setitem__((0, 0), 9), int(column.iloc[0]), int(same.iloc[0, 0]))") == "(None, 1, 1)"
    )
    assert far("(days.iloc.__setitem__(0, days.iloc[1]), df['d'].iloc[0].year)") == "(None, 2020)"
    assert far("(t.iloc.__setitem__(0, 7), int(s.iloc[0]))") == "(None, 1)"


def test_views_of_memory(move: Move) -> None:
    far = move(
        """
        import array
        a = array.array('i', [1, 2]); m = memoryview(a)
        b = bytearray(b'abcd'); part = memoryview(b)[1:3]; fixed = memoryview(b'xyz')[1:]; empty = memoryview(b'')
        """
    )
    assert (
        far("(m.__setitem__(0, 5), a[0], m.format, part.__setitem__(0, 90), bytes(b))")
        == "(None, 5, 'i', None, b'aZcd')"
    )
    assert far("(bytes(fixed), fixed.readonly, len(empty))") == "(b'yz', True, 0)"


def test_keys_of_comparison(move: Move) -> None:
    far = move("import functools\nkey = functools.cmp_to_key(lambda a, b: b - a); one = key(3)")
    assert far("(sorted([1, 2], key=key), one.obj, one < key(1))") == "([2, 1], 3, True)"
