"""Annotations arrive as they were: evaluated ones with their values, others unasked (3.14)."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from objects_travel import Far

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]
lazily = pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are evaluated at once")
generic = pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of 3.12")


def test_annotations_of_functions_and_classes(move: Move) -> None:
    far = move(
        """
        class A:
            x: int = 1
            def m(self, y: 'A') -> str: ...
        def f(a: A, *b: list[int]) -> None: ...
        before = A.m.__annotations__
        z: float = 2.0
        """
    )
    assert far("(A.__annotations__, A.m.__annotations__ is before, before)") == (
        "({'x': <class 'int'>}, True, {'y': 'A', 'return': <class 'str'>})"
    )
    assert far("f.__annotations__['a'] is A and f.__annotations__['b']") == "list[int]"


def test_annotations_that_were_changed(move: Move) -> None:
    far = move(
        """
        def f(a: int): ...
        class A:
            x: int
        f.__annotations__['more'] = str
        A.__annotations__['more'] = str
        def g(a: int): ...
        g.__annotations__ = {'only': 1}
        """
    )
    assert far("([*f.__annotations__], [*A.__annotations__], g.__annotations__)") == (
        "(['a', 'more'], ['x', 'more'], {'only': 1})"
    )


@lazily
def test_annotations_are_not_asked_for_by_moving(move: Move) -> None:
    far = move(
        """
        asked = []
        def ask(value):
            asked.append(value)
            return value
        def f(a: ask(1)): ...
        class A:
            x: ask(2)
            def m(self, y: Later) -> str: ...
        asked_here = len(asked)
        """
    )
    assert far("(asked_here, asked)") == "(0, [])"
    assert far("(f.__annotations__, A.__annotations__, asked)") == "({'a': 1}, {'x': 2}, [1, 2])"
    assert far("__import__('annotationlib').get_annotations(A.m, format=3)['y'].__forward_arg__") == "'Later'"


@lazily
def test_annotations_see_the_class_as_it_is_there(move: Move) -> None:
    far = move(
        """
        import typing
        class A:
            kind = int
            x: kind
            def m(self, y: kind): ...
        class P(typing.Protocol):
            kind = int
            x: kind
        class N(typing.NamedTuple):
            a: int = 1
        import dataclasses
        @dataclasses.dataclass
        class D:
            d: int = 1
        """
    )
    assert far("(setattr(A, 'kind', str), A.__annotations__, A.m.__annotations__)") == (
        "(None, {'x': <class 'str'>}, {'y': <class 'str'>})"
    )
    assert far("(P.__annotations__, N.__annotations__, N(2), D(), D.__annotations__)") == (
        "({'x': <class 'int'>}, {'a': <class 'int'>}, N(a=2), D(d=1), {'d': <class 'int'>})"
    )


@lazily
def test_templates(move: Move) -> None:
    far = move(
        "name = 'x'\ntemplate = eval('t\"hello {name!r:>5} there\"')\npart = template.interpolations[0]"
    )
    assert far("(template.strings, part.value, part.expression, part.conversion, part.format_spec)") == (
        "(('hello ', ' there'), 'x', 'name', 'r', '>5')"
    )
    assert far("template.interpolations[0] is part") == "True"


@generic
def test_type_parameters_see_their_class(move: Move) -> None:
    far = move(
        """
        class Box[T: (int, str)]:
            def m[S: list[T]](self, s: S) -> T: ...
        type Pair[T] = tuple[T, Box[T]]
        """
    )
    assert far("Box.__type_params__[0].__constraints__") == "(<class 'int'>, <class 'str'>)"
    assert far("Box.m.__type_params__[0].__bound__.__args__[0] is Box.__type_params__[0]") == "True"
    assert far("Pair.__value__.__args__[1].__origin__ is Box") == "True"


TYPE_PARAMETERS = """
import typing
A = typing.TypeVar('A', bound=int, covariant=True)
B = typing.TypeVar('B', int, str)
P = typing.ParamSpec('P')
class G(typing.Generic[A]): pass
def parameters(*given):
    shown = []
    for each in given:
        settings = 'name', 'bound', 'constraints', 'covariant', 'contravariant', 'infer_variance', 'module'
        shown.append([getattr(each, f'__{name}__', 'none') for name in settings])
    return shown
before = str(parameters(A, B, P))
"""


def test_type_parameters_keep_what_they_were_made_with(move: Move) -> None:
    far = move(TYPE_PARAMETERS)
    assert far("str(parameters(A, B, P)) == before or (parameters(A, B, P), before)") == "True"
    assert far("G.__parameters__[0] is A") == "True"


@generic
def test_type_parameters_of_the_syntax_do_too(move: Move) -> None:
    far = move(
        TYPE_PARAMETERS
        + """
class Limit: pass
class Late[T: (Limit, int), *Ts]:
    def method[U: Limit](self, one: U) -> U: ...
def never[V: not_known_yet](): ...
type Alias[W: Limit] = list[W]
mine = [*Late.__type_params__, *Late.method.__type_params__, *Alias.__type_params__]
before = str(parameters(*mine))
"""
    )
    assert far("str(parameters(*mine)) == before or (parameters(*mine), before)") == "True"
    assert far("mine[0] is Late.__type_params__[0] and mine[2].__bound__ is Limit") == "True"
    assert far("never.__type_params__[0].__name__") == "'V'"


@pytest.mark.skipif(sys.version_info < (3, 13), reason="defaults are of 3.13")
def test_type_parameters_keep_their_defaults(move: Move) -> None:
    far = move(
        """
        import typing
        class D[T = int]: pass
        class E[**P = [int]]: pass
        def f[T = None, U = object](): ...
        type_params = [*D.__type_params__, *E.__type_params__, *f.__type_params__, typing.TypeVar('X')]
        before = str([each.__default__ for each in type_params])
        """
    )
    assert (
        far(
            "str([each.__default__ for each in type_params]) == before or [before, *(each.__default__ for each in type_params)]"
        )
        == "True"
    )
