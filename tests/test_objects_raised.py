"""Exceptions arrive with everything that hangs on them; tracebacks show the same lines."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest
from objects_travel import Far, main_of

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]

CATCH = """
def caught(raiser, *args):
    try:
        raiser(*args)
    except BaseException as error:
        return error
def rise(error): raise error
"""


def test_slots_that_hold_nothing_are_set_and_others_are_not(move: Move) -> None:
    far = move("""
        class E(ValueError):
            __slots__ = 'nothing', 'never'
        e = E('x'); e.nothing = None
        """)
    assert far("(e.nothing, hasattr(e, 'never'))") == "(None, False)"


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        ("StopIteration(7)", "(e.value, e.args)"),
        ("SystemExit(3)", "(e.code, e.args)"),
        (
            "OSError(2, 'no', 'file', None, 'second')",
            "(type(e), e.errno, e.filename, e.filename2, str(e), e.args)",
        ),
        ("BlockingIOError(11, 'later', 5)", "(e.characters_written, e.errno)"),
        ("UnicodeDecodeError('utf-8', b'x', 0, 1, 'why')", "(e.object, e.start, e.reason, str(e))"),
        (
            "SyntaxError('bad', ('f.py', 3, 2, 'text', 3, 4))",
            "(e.lineno, e.offset, e.end_offset, e.text, str(e))",
        ),
        ("ImportError('no', name='n', path='p')", "(e.name, e.path, e.msg)"),
        ("caught(lambda: undefined_name)", "(e.name, str(e))"),
        ("caught(lambda: 'x'.nothing)", "(e.name, e.obj, str(e))"),
        ("caught(lambda: {}['key'])", "(e.args, str(e))"),
        (
            "ExceptionGroup('many', [ValueError(1), ExceptionGroup('inner', [KeyError(2)])])",
            "(e.message, str(e), repr(e))",
        ),
        ("__import__('json').JSONDecodeError('bad', 'doc', 2)", "(e.msg, e.doc, e.pos, str(e))"),
        ("__import__('subprocess').CalledProcessError(3, ['a'])", "(e.returncode, e.cmd, str(e))"),
    ],
)
def test_state_that_c_keeps(move: Move, made: str, asked: str) -> None:
    here = main_of(CATCH + f"e = {made}")
    assert move(CATCH + f"e = {made}")(asked) == repr(eval(asked, here))


def test_users_constructor_is_not_called(move: Move) -> None:
    far = move(
        """
        log = []
        class Mine(ValueError):
            def __init__(self, code, *, why):
                super().__init__(f'{code} {why}')
                log.append(code); self.code = code
            def __str__(self): return f'<{self.code}>'
        class Os(OSError):
            def __init__(self, path): super().__init__(2, 'gone', path); self.own = [path]
        class Slots(Exception):
            __slots__ = ('x',)
        e = Mine(3, why='so'); o = Os('p'); s = Slots('a'); s.x = 5
        """
    )
    assert far("(log, e.code, e.args, str(e), o.filename, o.errno, o.own, s.x, s.args)") == (
        "([3], 3, ('3 so',), '<3>', 'p', 2, ['p'], 5, ('a',))"
    )


def test_chain_and_notes(move: Move) -> None:
    far = move(
        CATCH
        + "def chain():\n    try:\n        try: 1 / 0\n        except ZeroDivisionError as z:\n            zero.append(z)\n"
        "            raise KeyError('k')\n    except KeyError as k:\n        raise ValueError('v') from k\nzero = []\n"
        "e = caught(chain); e.add_note('note')\nloop = ValueError(); loop.__context__ = RuntimeError(); loop.__context__.__context__ = loop"
    )
    assert far(
        "(type(e.__cause__), e.__context__ is e.__cause__, e.__cause__.__context__ is zero[0], e.__notes__)"
    ) == ("(<class 'KeyError'>, True, True, ['note'])")
    assert far("(e.__suppress_context__, loop.__context__.__context__ is loop)") == "(True, True)"


def text_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


SOURCES = {
    "functions": "def deep(n):\n    if n:\n        return deep(n - 1)\n    x = [1, 2,\n         3][7]\nf = deep\nargs = (3,)",
    "short module code": "code = compile('nothing', '<m>', 'exec')\ndef f(): exec(code, {})\nargs = ()",
    "closures and generators": "def f():\n    def g(k):\n        yield (1 / k for _ in [0])\n    list(next(g(0)))\nargs = ()",
    "class body and comprehension": "def f():\n    class A:\n        x = [y / 0 for y in range(2)]\nargs = ()",
    "long function": "def f():\n"
    + "".join(f"    x{i} = {i} + {i}\n" for i in range(700))
    + "    return x1 / 0\nargs = ()",
    "library code": "import json\nf = json.loads\nargs = ('[1, }',)",
    "method and coroutine": "class A:\n    async def m(self, *a, k=1, **kw): return a[9]\ndef f(): A().m().send(None)\nargs = ()",
}


@pytest.mark.parametrize("name", SOURCES)
def test_traceback_reads_the_same(move: Move, name: str) -> None:
    source = CATCH + SOURCES[name] + "\ne = caught(f, *args)\nimport traceback"
    far = move(source)
    here: Any = main_of(source)["e"]
    assert far("''.join(traceback.format_exception(e))") == repr(text_of(here))


def test_raised_again_there(move: Move) -> None:
    far = move(
        CATCH
        + "def f(): 1 / 0\ne = caught(f)\nimport traceback\ndef again():\n    return [s.name for s in traceback.extract_tb(caught(rise, e).__traceback__)]"
    )
    assert far("again()") == "['caught', 'rise', 'caught', 'f', ]".replace(", ]", "]")


def test_traceback_shows_the_namespace(move: Move) -> None:
    far = move(CATCH + "def f(): 1 / 0\ne = caught(f)")
    assert far(
        "(e.__traceback__.tb_frame.f_globals is globals(), e.__traceback__.tb_next.tb_frame.f_code.co_name)"
    ) == ("(True, 'f')")


def test_very_long_traceback(move: Move) -> None:
    far = move(CATCH + "def f(n): return f(n + 1)\ne = caught(f, 0)\nimport traceback")
    assert int(far("len(traceback.extract_tb(e.__traceback__))")) > 500
