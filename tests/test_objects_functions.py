"""Functions, methods, caches, generators arrive as what they were."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from objects_travel import Far

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]


def test_all_attributes_of_a_function(move: Move) -> None:
    far = move(
        """
        default = [1]
        def f(a: 'one', b=default, *, c=default) -> int:
            'words'
            return a, b, c
        f.own = default
        f.__qualname__ = 'other.f'
        """
    )
    assert far("f(0)[1] is f(0)[2] is default is f.own") == "True"
    assert far("(f.__annotations__, f.__doc__, f.__qualname__, f.__module__, f.__name__)") == (
        "({'a': 'one', 'return': <class 'int'>}, 'words', 'other.f', '__main__', 'f')"
    )


def test_function_without_docstring_has_none(move: Move) -> None:
    assert (
        move("""
            def f():
                return 'first constant'
            l = lambda: 'x'
            """)("(f.__doc__, l.__doc__)")
        == "(None, None)"
    )


def test_importable_functions_go_by_name(move: Move) -> None:
    far = move(
        """
        import json, collections
        f = json.dumps
        m = json.JSONEncoder.default
        c = collections.OrderedDict.fromkeys
        """
    )
    assert far("[f is __import__('json').dumps, m is json.JSONEncoder.default, type(c('ab')).__name__]") == (
        "[True, True, 'OrderedDict']"
    )


def test_function_behind_a_classmethod_of_a_library(move: Move) -> None:
    far = move(
        """
        import fractions
        function = vars(fractions.Fraction)['from_float'].__func__
        bound = fractions.Fraction.from_float
        """
    )
    assert (
        far("(function is vars(fractions.Fraction)['from_float'].__func__, bound(0.5))")
        == "(True, Fraction(1, 2))"
    )


def test_wrapped_user_function_keeps_the_wrapper(move: Move) -> None:
    far = move("""
        import functools, json
        @functools.wraps(json.dumps)
        def mine(x): return 'mine'
        """)
    assert far("(mine(1), mine.__wrapped__ is json.dumps, mine.__module__)") == "('mine', True, 'json')"


def test_methods_do_not_ask_the_instance(move: Move) -> None:
    far = move(
        """
        import io
        stream = io.StringIO()
        old = stream.write
        def write(text): return old(text + '!')
        stream.write = write
        class A:
            def m(self): return self
        a = A(); m = a.m; a.m = None
        append = [].append
        sort = str.upper
        """
    )
    assert far("(stream.write('x'), stream.getvalue(), m() is a, sort('a'))") == "(2, 'x!', True, 'A')"
    assert far("(append(1), append.__self__)") == "(None, [1])"


def test_method_in_its_own_instance(move: Move) -> None:
    far = move(
        """
        class A:
            def __init__(self): self.again = self.run
            def run(self): return self
        a = A(); b = a.again
        """
    )
    assert far("(a.again() is a, b() is a)") == "(True, True)"


def test_builtin_functions_and_slot_wrappers(move: Move) -> None:
    far = move(
        """
        import math
        f = [len, math.sin, print, int.__add__, (5).__add__, object.__new__, dict.fromkeys, 'x'.__str__]
        """
    )
    assert far(
        "(f[0] is len, f[1] is math.sin, f[2] is print, f[3](1, 2), f[4](1), type(f[5](object)), f[6]('a'), f[7]())"
    ) == ("(True, True, True, 3, 6, <class 'object'>, {'a': None}, 'x')")


def test_caches_keep_what_is_in_them(move: Move) -> None:
    far = move(
        """
        import functools, re
        calls = []
        @functools.lru_cache(maxsize=7)
        def f(n):
            calls.append(n)
            return n
        f(1)
        @functools.cache
        def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
        library = re._compile if False else functools._make_key
        """
    )
    assert (
        far("(f(1), f(1), calls, f.cache_parameters()['maxsize'], fib(50))") == "(1, 1, [1], 7, 12586269025)"
    )


def test_importable_caches_go_by_name(move: Move) -> None:
    far = move("import fnmatch\nc = fnmatch._compile_pattern")
    assert far("c is fnmatch._compile_pattern") == "True"


def test_partials_and_singledispatch(move: Move) -> None:
    far = move(
        """
        import functools
        def f(a, b): return a, b
        p = functools.partial(f, 1)
        @functools.singledispatch
        def show(x): return 'any'
        @show.register
        def _(x: int): return 'int'
        show(1)
        """
    )
    assert far("(p(2), p.func is f, show(1), show('a'))") == "((1, 2), True, 'int', 'any')"


def test_generators_suspended_fresh_finished(move: Move) -> None:
    far = move(
        """
        def g(x):
            y = yield x
            yield y
            yield x
        x = [1]
        s = g(x); next(s)
        fresh = g(x)
        done = g(x); list(done)
        same = [s]
        """
    )
    assert far("(s.send('sent'), next(s) is x, same[0] is s, next(fresh) is x, list(done))") == (
        "('sent', True, True, True, [])"
    )


def test_coroutine_suspended(move: Move) -> None:
    far = move(
        """
        class Once:
            def __await__(self):
                got = yield 'asked'
                return got
        async def c(): return await Once() + 1
        co = c(); co.send(None)
        def finish():
            try: co.send(41)
            except StopIteration as stop: return stop.value
        """
    )
    assert far("finish()") == "42"


def test_morphed_code_is_not_needed_to_write_functions(move: Move) -> None:
    far = move("""
        code = compile('1 + 1', 'name', 'eval')
        def f(): pass
        c = f.__code__
        """)
    assert far("(eval(code), c is f.__code__, code.co_filename)") == "(2, True, 'name')"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the syntax is new in 3.12")
def test_type_parameters(move: Move) -> None:
    far = move(
        """
        def f[T](x: T) -> T: return x
        class C[T]:
            def m(self) -> T: ...
        type A[K] = dict[K, int]
        """
    )
    assert (
        far("(f(1), f.__type_params__[0] is f.__annotations__['x'], C[int].__origin__ is C)")
        == "(1, True, True)"
    )
    assert far("A[str].__value__, A.__name__") == "(dict[K, int], 'A')"


def test_super_is_not_mistaken_for_its_object(move: Move) -> None:
    far = move(
        """
        class Base:
            def hi(self): return 'base'
            @classmethod
            def made(cls): return cls
        class A(Base):
            def hi(self): return 'a'
            def up(self): return super()
            @classmethod
            def made(cls): return super()
        a = A()
        a.kept = a.up()
        of_class, unbound = A.made(), super(A)
        """
    )
    assert far("(a.kept.hi(), a.hi(), type(a.kept), a.kept.__self__ is a)") == (
        "('base', 'a', <class 'super'>, True)"
    )
    assert far("(of_class.made() is A, unbound.__thisclass__ is A, unbound.__self__)") == "(True, True, None)"


def test_an_alias_keeps_its_star(move: Move) -> None:
    far = move("def f(*args: *tuple[int, str]): ...\nplain = tuple[int]\nstarred = [*plain]")
    assert far("(f.__annotations__, plain, starred)") == (
        "({'args': *tuple[int, str]}, tuple[int], [*tuple[int]])"
    )
