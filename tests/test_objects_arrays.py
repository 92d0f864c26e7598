"""Arrays that share memory still do after the move; tables never do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from objects_travel import Far, pickled_of

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
