"""Classes of the notebook arrive whole, and no hook of the user runs twice."""

from __future__ import annotations

from collections.abc import Callable

from objects_travel import Far

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]


def test_methods_share_the_live_namespace(move: Move) -> None:
    far = move(
        """
        n = 1
        class A:
            'words'
            x: int = 3
            def m(self):
                global n
                n += 1
                return n
            @property
            def p(self): return n
            @classmethod
            def c(cls): return cls
            @staticmethod
            def s(): return n
        a = A()
        """
    )
    assert far("(a.m(), n, a.p, A.c() is A, A.s(), type(a) is A, A.__doc__, A.__annotations__)") == (
        "(2, 2, 2, True, 2, True, 'words', {'x': <class 'int'>})"
    )


def test_super_and_class_cell(move: Move) -> None:
    far = move(
        """
        class A:
            def who(self): return 'A'
        class B(A):
            def who(self): return super().who() + __class__.__name__
        b = B(); C = type('C', (B,), {})
        """
    )
    assert far("(b.who(), C().who(), C.__mro__[1] is B)") == "('AB', 'AB', True)"


def test_subclass_hooks_do_not_run_again(move: Move) -> None:
    far = move(
        """
        log = []
        class Base:
            registry = []
            def __init_subclass__(cls, *, flag, **kw):
                super().__init_subclass__(**kw)
                log.append(cls.__name__); Base.registry.append(cls); cls.flag = flag
        class One(Base, flag=1): pass
        class Two(One, flag=2): pass
        def more():
            class Three(Base, flag=3): pass
            return log
        """
    )
    assert far("(log, Base.registry == [One, Two], One.flag, Two.flag)") == "(['One', 'Two'], True, 1, 2)"
    assert far("more()") == "['One', 'Two', 'Three']"


def test_metaclasses_of_the_user_do_not_run_again(move: Move) -> None:
    far = move(
        """
        import abc
        log = []
        class Meta(abc.ABCMeta):
            def __new__(m, name, bases, ns, **kw):
                log.append(('new', name, kw))
                return super().__new__(m, name, bases, ns)
            def __init__(cls, name, bases, ns, **kw): log.append('init')
            def __setattr__(cls, name, value): log.append(name); super().__setattr__(name, value)
            def __call__(cls, *a): return (cls.__name__, super().__call__(*a))
        class A(metaclass=Meta, kw=1):
            @abc.abstractmethod
            def f(self): ...
        class B(A):
            def f(self): return 1
        A.register(int)
        before = len(log)
        """
    )
    assert far("(len(log) == before, log[0])") == "(True, ('new', 'A', {'kw': 1}))"
    assert far(
        "(type(A) is Meta, B()[1].f(), isinstance(3, A), issubclass(B, A), A.__abstractmethods__)"
    ) == ("(True, 1, True, True, frozenset({'f'}))")


def test_slots(move: Move) -> None:
    far = move(
        """
        class P:
            __slots__ = ('x', '__y', '__weakref__')
            def __init__(self): self.x = 1; self.__y = 2
            def y(self): return self.__y
        class Q(P):
            __slots__ = 'z'
        p = P(); q = Q(); q.z = p
        """
    )
    assert (
        far("(p.x, p.y(), q.z is p, hasattr(p, '__dict__'), hasattr(q, '__dict__'))")
        == "(1, 2, True, False, False)"
    )


def test_abstract_classes_with_virtual_subclasses(move: Move) -> None:
    far = move("""
        import abc
        class A(abc.ABC): pass
        class V: pass
        A.register(V)
        """)
    assert far("(isinstance(V(), A), isinstance(1, A))") == "(True, False)"


def test_dataclasses(move: Move) -> None:
    far = move(
        """
        import dataclasses
        @dataclasses.dataclass(order=True, slots=True)
        class D:
            x: int
            y: list = dataclasses.field(default_factory=list)
        @dataclasses.dataclass(frozen=True)
        class F:
            x: int = dataclasses.field(default=3, metadata={'a': 1})
        d = D(1); keys = {F(2): 'two'}
        m = dataclasses.MISSING
        """
    )
    assert far("(D(2) > d, D(1).y is not D(1).y, keys[F(2)], F().x, m is dataclasses.MISSING)") == (
        "(True, True, 'two', 3, True)"
    )
    assert far(
        "[f.default is dataclasses.MISSING for f in dataclasses.fields(D)], dataclasses.replace(d, x=9).x"
    ) == ("([True, True], 9)")


def test_enumerations(move: Move) -> None:
    far = move(
        """
        import enum
        class Color(enum.Enum):
            RED = 1
            GREEN = 2
            ALIAS = 1
            def shout(self): return self.name + '!'
        class Planet(enum.Enum):
            EARTH = (1, 2)
            def __init__(self, mass, radius): self.mass = mass; self.radius = radius
            @property
            def both(self): return self.mass + self.radius
        class F(enum.Flag):
            A = enum.auto(); B = enum.auto(); C = A | B
        class N(enum.IntEnum):
            ONE = 1
        class S(enum.StrEnum):
            X = enum.auto()
        class M(enum.Enum):
            @enum.member
            def f(): return 5
            K = enum.member(type('K', (), {}))
            Z = enum.nonmember(3)
        r = Color.RED; both = F.A | F.B; n = N.ONE; s = S.X
        """
    )
    assert far(
        "(r is Color.RED, Color.ALIAS is r, Color(2).shout(), Color['GREEN'].value, list(Color.__members__))"
    ) == ("(True, True, 'GREEN!', 2, ['RED', 'GREEN', 'ALIAS'])")
    assert far(
        "(Planet.EARTH.mass, Planet.EARTH.both, both is F.C, F.A in both, n + 1, N(1) is n, s + 'y')"
    ) == ("(1, 3, True, True, 2, True, 'xy')")
    assert (
        far("(list(M.__members__), M.f.value(), M.K.value().__class__.__name__, M.Z)")
        == "(['f', 'K'], 5, 'K', 3)"
    )


def test_typing_classes(move: Move) -> None:
    far = move(
        """
        import typing
        T = typing.TypeVar('T')
        class G(typing.Generic[T]):
            def __init__(self, x: T): self.x = x
        class H(G[int]): pass
        class P(typing.Protocol):
            def f(self) -> int: ...
        @typing.runtime_checkable
        class R(P, typing.Protocol): pass
        class N(typing.NamedTuple):
            a: int
            b: str = 'b'
        class D(typing.TypedDict, total=False):
            k: int
        U = typing.NewType('U', int)
        L = typing.ParamSpec('L')
        alias = list[H]; maybe = typing.Optional[G[int]]
        """
    )
    assert far(
        "(G[str].__origin__ is G, H(1).x, N(1), N(1)._replace(b='c').b, D(k=1), U(3), alias.__args__[0] is H)"
    ) == ("(True, 1, N(a=1, b='b'), 'c', {'k': 1}, 3, True)")
    assert far(
        "(G.__parameters__[0] is T, maybe.__args__[0].__origin__ is G, D.__annotations__, L.__name__)"
    ) == ("(True, True, {'k': <class 'int'>}, 'L')")
    assert far("isinstance(type('X', (), {'f': 1})(), R)") == "True"


def test_namedtuples_and_local_classes(move: Move) -> None:
    far = move(
        """
        import collections
        Point = collections.namedtuple('Point', 'x y', defaults=[0])
        p = Point(1)
        def make(n):
            class Local:
                def get(self): return n, Local
            return Local
        L = make(5); l = L()
        """
    )
    assert far("(p, p._asdict(), Point(3, 4).y, l.get() == (5, L), L.__qualname__)") == (
        "(Point(x=1, y=0), {'x': 1, 'y': 0}, 4, True, 'make.<locals>.Local')"
    )


def test_descriptors_are_not_told_their_name_again(move: Move) -> None:
    far = move(
        """
        log = []
        class D:
            def __set_name__(self, owner, name): log.append(name); self.name = name
            def __get__(self, obj, kind): return self.name
        class A:
            d = D()
        """
    )
    assert far("(log, A.d, A().d)") == "(['d'], 'd', 'd')"


def test_classes_that_refer_to_each_other(move: Move) -> None:
    far = move("""
        class A: pass
        class B:
            other = A
        A.other = B
        A.self = A
        A.instance = A()
        """)
    assert (
        far("(A.other is B, B.other is A, A.self is A, type(A.instance) is A)") == "(True, True, True, True)"
    )


def test_delegating_attribute_lookup_is_not_asked_while_loading(move: Move) -> None:
    far = move(
        """
        class Proxy:
            def __init__(self, inner): self.inner = inner
            def __getattr__(self, name): return getattr(self.inner, name)
        p = Proxy([1, 2])
        class Odd:
            __slots__ = ('inner',)
            def __getattr__(self, name): return getattr(self.inner, name)
        o = Odd(); o.inner = 'text'
        class L(list):
            def __getattr__(self, name): raise LookupError
        l = L([1])
        """
    )
    assert far("(p.index(2), o.upper(), l)") == "(1, 'TEXT', [1])"


def test_types_without_an_importable_name(move: Move) -> None:
    far = move(
        """
        import types
        t = [type(f) for f in (lambda: 1, {}.keys(), iter([]), None, ..., types.CellType())]
        """
    )
    assert far("[k.__name__ for k in t]") == (
        "['function', 'dict_keys', 'list_iterator', 'NoneType', 'ellipsis', 'cell']"
    )


def test_sentinels(move: Move) -> None:
    far = move(
        """
        import inspect, functools, traitlets
        mine = object(); l = [mine]
        library = functools._initial_missing
        u = traitlets.Undefined
        e = inspect.Parameter.empty
        """
    )
    assert far(
        "(l[0] is mine, library is functools._initial_missing, u is traitlets.Undefined, e is inspect._empty)"
    ) == ("(True, True, True, True)")


def test_instances_in_their_own_class(move: Move) -> None:
    far = move(
        """
        class A:
            count, one, table = 1, None, {}
            __slots__ = ("x",)
            def __init__(self, x): self.x = x
            def __getstate__(self): return (self.x,)
            def __setstate__(self, state): self.x = state[0] * 10
            def __hash__(self): return 1
            def __eq__(self, other): return type(other) is A
            later = 5
        A.one = A(2); A.table[A.one] = 3
        def names(): return [name for name in vars(A) if not name.startswith("__") and name != "x"]
        before = names()
        """
    )
    assert far("(A.one.x, A.table[A.one], names() == before)") == "(20, 3, True)"


def test_functions_with_a_copy_of_the_variables_as_globals(move: Move) -> None:
    """As ``attrs`` makes the methods of its classes: all that was there when the class was defined is in it."""
    far = move(
        """
        held = {}
        class A:
            __slots__ = ("x",)
            def __getstate__(self): return {"x": self.x}
            def __setstate__(self, state): self.x = state["x"]
        copied = dict(globals()); exec("def show(self): return held['a'], self.x", copied)
        A.show = copied.pop("show"); again = type(A.show)(A.show.__code__, copied)
        del copied
        a = A(); a.x = 1; held["a"] = a
        own = {"__name__": "own", "__builtins__": __builtins__}; exec("def g(): return y", own); g = own["g"]
        """
    )
    assert far("(a.show()[0] is a, a.x, again.__globals__ is A.show.__globals__)") == "(True, 1, True)"
    assert far("(own.__setitem__('y', 7), g(), g.__globals__ is own)") == "(None, 7, True)"
