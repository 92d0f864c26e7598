"""Random notebooks, made by seed: what one holds afterwards, as text that is the same in each process.

A notebook is a row of statements out of a stock of templates, whose holes are filled with what stands there already:
so aliases, cycles, cells that functions share and classes within functions come about in ways that nobody thinks of.
"""

from __future__ import annotations

import enum
import random
import sys
import textwrap
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from objects_travel import session_of

from pyteleport_jupyter import objects
from pyteleport_jupyter.frames import finish_restore

OPENING = """
import abc, collections, collections.abc, contextlib, contextvars, copy, dataclasses, datetime, decimal, enum, fractions
import functools, io, itertools, operator, pathlib, queue, random, re, threading, types, typing, uuid, weakref
T = typing.TypeVar('T')
TAGS = itertools.count()
class Base:
    def __init__(self, *held): self.tag = next(TAGS); self.held = list(held)
"""

TEMPLATES = Path(__file__).with_suffix(".txt").read_text()
CHOICES = tuple(template.strip("\n") for template in TEMPLATES.split("---\n"))


class Notebook:
    """``source`` has run in ``namespace``, statement by statement; what failed is left out."""

    def __init__(self, seed: int, statements: int = 20) -> None:
        self.draw = random.Random(seed)
        main = types.ModuleType("__main__")
        sys.modules["__main__"] = main
        self.namespace: dict[str, Any] = vars(main)
        self.source = ""
        self._run(OPENING)
        for number in range(statements):
            self._run(self._statement(number))

    def _statement(self, number: int) -> str:
        own = [name for name in self.namespace if name[:1] == "v"]
        hashable = [name for name in own if _is_hashable(self.namespace[name])]
        holes = {hole: self.draw.choice([*own, "None", "5", "'text'"]) for hole in "abc"}
        keys = {hole: self.draw.choice([*hashable, "'key'", "2"]) for hole in "kl"}
        return self.draw.choice(CHOICES).format(
            n=f"v{number}_", N=f"C{number}_", i=self.draw.randrange(1, 9),
            o=self.draw.choice(own or ["None"]), **holes, **keys,
        )  # fmt: skip

    def _run(self, source: str) -> None:
        try:
            exec(compile(textwrap.dedent(source), "<cell>", "exec", dont_inherit=True), self.namespace)
        except Exception:
            self.source += "# " + source.replace("\n", "\n# ") + "\n"
        else:
            self.source += source + "\n"


def _is_hashable(value: Any) -> bool:
    """And ordered in the same way everywhere, in a set (see :func:`_of_set`)."""
    try:
        hash(value)
    except Exception:
        return False
    return isinstance(value, int | str | Exception) or hasattr(value, "tag")


def canonical() -> list[str]:
    """What ``__main__`` holds, line by line: each object once, others by number; iterators by what they still give."""
    walk = _Walk(vars(sys.modules["__main__"]))
    return walk.run()


def go_on() -> None:
    """The next move: what ``__main__`` holds is taken into another one, in this process."""
    before = vars(sys.modules["__main__"])
    session = session_of({name: value for name, value in before.items() if name != "items"})
    pickled = objects.dump(session, objects.NamespaceAnchors(before), {})
    sys.modules["__main__"] = main = types.ModuleType("__main__")
    buffers = [bytearray(buffer) for buffer in pickled.buffers]
    loaded = objects.load(pickled.stream, buffers, objects.NamespaceAnchors(vars(main)))
    vars(main).update(loaded.root["namespace"])
    finish_restore()
    for action in loaded.deferred:
        action()


SKIPPED = frozenset(
    [
        "__slotnames__",
        "__dict__",
        "__weakref__",
        "__module__",
        "__doc__",
        "__annotations_cache__",
        "__annotate_func__",
        "__annotate__",
        "_abc_impl",
        "__abstractmethods__",
        "__static_attributes__",
        "__firstlineno__",
    ]
)


class _Walk:
    def __init__(self, namespace: dict[str, Any]) -> None:
        self.names = {
            name: value for name, value in sorted(namespace.items()) if name[:1] in "vCB" or name == "T"
        }
        self.globals = namespace
        self.numbers: dict[int, int] = {}
        self.queue: list[Any] = []
        self.later: list[tuple[int, Any]] = []

    def run(self) -> list[str]:
        lines = [f"{name}: {self.refer(value)}" for name, value in self.names.items()]
        for number, obj in enumerate(self.queue):
            parts = self.describe(obj, number)
            lines.append(f"{number} {kind_of(obj)} " + ", ".join(parts))
        for number, obj in self.later:
            lines.append(f"{number} gives " + ", ".join(self.given(obj)))
        return lines

    def given(self, iterator: Any) -> list[str]:
        found = []
        try:
            for _ in range(12):
                found.append(self.shallow(next(iterator)))
        except BaseException as error:
            found.append(type(error).__name__)
        return found

    def shallow(self, value: Any) -> str:
        if type(value) in (tuple, list):
            return "(" + " ".join(map(self.shallow, value)) + ")"
        return repr(value) if type(value) in ATOMS else kind_of(value)

    def refer(self, value: Any) -> str:
        if type(value) in ATOMS:
            return f"{type(value).__name__}:{value!r}"
        if value is self.globals:
            return "globals"
        if id(value) not in self.numbers:
            self.numbers[id(value)] = len(self.queue)
            self.queue.append(value)
        return f"#{self.numbers[id(value)]}"

    def items(self, pairs: Any) -> list[str]:
        return [f"{self.refer(key)}={self.refer(value)}" for key, value in pairs]

    def describe(self, obj: Any, number: int) -> list[str]:
        kind = type(obj)
        for known, how in RULES:
            if issubclass(kind, known):
                return how(self, obj) + (self.attributes(obj) if is_own(kind) else [])
        if hasattr(kind, "__next__") and hasattr(kind, "__iter__"):
            self.later.append((number, obj))
            return self.of_frame(obj) if kind is types.GeneratorType else []
        return self.attributes(obj)

    def of_frame(self, generator: Any) -> list[str]:
        frame = generator.gi_frame
        if frame is None:
            return ["over"]
        local = dict(frame.f_locals)
        names = [
            name for name in generator.gi_code.co_varnames + generator.gi_code.co_freevars if name in local
        ]
        return [
            f"line {frame.f_lineno}",
            generator.__name__,
            *self.items((name, local[name]) for name in sorted(names)),
        ]

    def attributes(self, obj: Any) -> list[str]:
        found = []
        try:
            own = object.__getattribute__(obj, "__dict__")
        except AttributeError:
            own = {}
        if type(own) is dict:
            # What a class sets itself is in the order of its own.
            own_way = (
                hasattr(type(obj), "__setstate__")
                or "__reduce__" in vars(type(obj))
                or isinstance(obj, enum.Enum)
            )
            found += self.items(sorted(own.items(), key=str) if own_way else own.items())
        for kind in type(obj).__mro__:
            slots = vars(kind).get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                if name in ("__weakref__", "__dict__") or not is_own(kind):
                    continue
                mangled = f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") else name
                try:
                    found.append(f"{mangled}={self.refer(object.__getattribute__(obj, mangled))}")
                except AttributeError:
                    found.append(f"{mangled} unset")
        return found


def is_own(definition: Any) -> bool:
    """Whether it is of the notebook; libraries are told by their names alone."""
    module = getattr(definition, "__module__", None)
    return module == "__main__" or module not in sys.modules


def kind_of(obj: Any) -> str:
    kind = type(obj)
    return f"{kind.__module__}.{kind.__qualname__}"


def _of_function(walk: Any, f: Any) -> list[str]:
    if not is_own(f):
        return [f.__qualname__]
    parts = [f.__qualname__, f.__name__, str(f.__module__), walk.refer(f.__doc__), walk.refer(f.__code__)]
    parts += [f"defaults {walk.refer(f.__defaults__)} {walk.refer(f.__kwdefaults__)}"]
    parts += [f"globals {walk.refer(f.__globals__)}"]
    parts += [f"cell {walk.refer(cell)}" for cell in f.__closure__ or ()]
    parts += [f"annotations {walk.items(sorted(f.__annotations__.items()))}"]
    return parts + walk.items(f.__dict__.items())


def _of_code(walk: Any, code: Any) -> list[str]:
    constants = [constant if type(constant) in ATOMS else kind_of(constant) for constant in code.co_consts]
    return [code.co_qualname, code.co_code.hex(), repr(constants), repr(code.co_names), str(code.co_firstlineno),
            repr(list(code.co_positions()))[:200]]  # fmt: skip


def _of_cell(walk: Any, cell: Any) -> list[str]:
    try:
        return [walk.refer(cell.cell_contents)]
    except ValueError:
        return ["empty"]


def _of_class(walk: Any, kind: Any) -> list[str]:
    if not is_own(kind):
        return [kind.__qualname__]
    parts = [
        kind.__qualname__,
        f"doc {walk.refer(kind.__doc__)}",
        f"bases {[walk.refer(base) for base in kind.__mro__[1:]]}",
    ]
    for name, value in sorted(vars(kind).items()):
        if name not in SKIPPED and not name.startswith("__annot"):
            parts.append(f"{name}={walk.refer(value)}")
    parts.append(f"annotations {walk.items(sorted(getattr(kind, '__annotations__', {}).items()))}")
    parts.append(f"abstract {sorted(getattr(kind, '__abstractmethods__', ()))}")
    return parts


def _of_exception(walk: Any, error: Any) -> list[str]:
    trace, at = [], error.__traceback__
    while at is not None:
        trace.append(f"{at.tb_frame.f_code.co_name}:{at.tb_lineno}")
        at = at.tb_next
    parts = [
        walk.refer(error.args),
        f"cause {walk.refer(error.__cause__)}",
        f"context {walk.refer(error.__context__)}",
    ]
    parts += [str(error.__suppress_context__), str(trace)]
    for name in ("errno", "filename", "reason", "start", "message", "exceptions"):
        if hasattr(error, name):
            parts.append(f"{name}={walk.refer(getattr(error, name))}")
    return parts + ([] if is_own(type(error)) else walk.attributes(error))


def _of_set(walk: Any, elements: Any) -> list[str]:
    return sorted(_in_set(element) for element in set.__iter__(elements)) if isinstance(elements, set) else sorted(
        _in_set(element) for element in frozenset.__iter__(elements)
    )  # fmt: skip


def _in_set(element: Any) -> str:
    tag = getattr(element, "tag", None)
    own = element if isinstance(element, int | str) else ""
    return f"{kind_of(element)} {tag if tag is not None else own!s}"


def _proxied(walk: Any, proxy: Any) -> list[str]:
    try:
        return [walk.refer(proxy.__init__.__self__)]
    except ReferenceError:
        return ["dead"]


ATOMS = (int, float, str, bytes, bool, complex, type(None), type(...), type(NotImplemented))

RULES: list[tuple[Any, Callable[[Any, Any], list[str]]]] = []


def _fill() -> None:
    import abc
    import collections
    import contextvars
    import datetime
    import decimal
    import enum
    import fractions
    import functools
    import io
    import pathlib
    import queue
    import random
    import re
    import typing
    import uuid
    import weakref
    import zlib

    rule = lambda kind, how: RULES.append((kind, how))  # noqa: E731
    lru = type(functools.lru_cache(len))
    rule(
        enum.Enum,
        lambda w, o: [
            w.refer(type(o)),
            str(o._name_),
            w.refer(o._value_),
            *w.items(sorted(o.__dict__.items())),
        ],
    )
    rule((weakref.ProxyType, weakref.CallableProxyType), _proxied)
    rule(types.FunctionType, _of_function)
    rule(types.CodeType, _of_code)
    rule(types.CellType, _of_cell)
    rule((list,), lambda w, o: [w.refer(x) for x in list.__iter__(o)])
    rule((tuple,), lambda w, o: [w.refer(x) for x in tuple.__iter__(o)])
    rule(collections.OrderedDict, lambda w, o: w.items(collections.OrderedDict.items(o)))
    rule(collections.defaultdict, lambda w, o: [w.refer(o.default_factory), *w.items(dict.items(o))])
    rule(
        (dict,),
        lambda w, o: w.items(
            sorted((k, o[k]) for k in o if k != "__builtins__") if "__builtins__" in o else dict.items(o)
        ),
    )
    rule((set, frozenset), _of_set)
    rule(collections.deque, lambda w, o: [str(o.maxlen), *map(w.refer, o)])
    rule(type, _of_class)
    rule(BaseException, _of_exception)
    rule(types.MethodType, lambda w, o: [w.refer(o.__func__), w.refer(o.__self__)])
    rule((types.BuiltinMethodType, types.MethodWrapperType), lambda w, o: [o.__qualname__, "" if isinstance(o.__self__, types.ModuleType) else w.refer(o.__self__)])  # fmt: skip
    rule((types.WrapperDescriptorType, types.MethodDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType), lambda w, o: [o.__qualname__])  # fmt: skip
    rule(
        functools.partial,
        lambda w, o: [w.refer(o.func), w.refer(o.args), w.refer(o.keywords), *w.items(o.__dict__.items())],
    )
    rule(functools.partialmethod, lambda w, o: [w.refer(o.func), w.refer(o.args), w.refer(o.keywords)])
    rule(
        lru,
        lambda w, o: (
            [o.__module__, o.__qualname__]
            if not is_own(o)
            else [str(o.cache_info()), *w.items(sorted(o.__dict__.items()))]
        ),
    )
    rule(property, lambda w, o: [w.refer(o.fget), w.refer(o.fset), w.refer(o.fdel), w.refer(o.__doc__)])
    rule((staticmethod, classmethod), lambda w, o: [w.refer(o.__func__)])
    rule(weakref.WeakMethod, lambda w, o: [w.refer(o())])
    rule(weakref.ref, lambda w, o: ["weak", w.refer(o())])
    rule(weakref.WeakValueDictionary, lambda w, o: w.items(sorted(o.items())))
    rule(weakref.WeakKeyDictionary, lambda w, o: w.items(sorted(o.items(), key=lambda pair: pair[0].tag)))
    rule(weakref.WeakSet, lambda w, o: [w.refer(x) for x in sorted(o, key=lambda x: x.tag)])
    rule(types.MappingProxyType, lambda w, o: w.items(o.items()))
    rule(slice, lambda w, o: [w.refer(o.start), w.refer(o.stop), w.refer(o.step)])
    rule((range, decimal.Decimal, fractions.Fraction, datetime.timedelta, uuid.UUID, pathlib.PurePath, bytearray, re.Pattern, re.Match, decimal.Context), lambda w, o: [repr(o)])  # fmt: skip
    rule(memoryview, lambda w, o: [w.refer(o.obj), bytes(o).hex(), o.format])
    rule((io.StringIO, io.BytesIO), lambda w, o: [repr(o.getvalue()), str(o.tell())])
    rule(random.Random, lambda w, o: [str(zlib.crc32(repr(o.getstate()).encode()))])
    rule(queue.Queue, lambda w, o: [w.refer(x) for x in o.queue])
    rule(contextvars.ContextVar, lambda w, o: [o.name, w.refer(o.get(None))])
    rule((type(list[int]), types.UnionType), lambda w, o: [str(o), *map(w.refer, typing.get_args(o))])
    rule(
        (typing.TypeVar, typing.ParamSpec), lambda w, o: [o.__name__, w.refer(getattr(o, "__bound__", None))]
    )
    rule((type(typing.Union[int, 'str']), type(typing.List[int]), type(typing.Literal[1])), lambda w, o: [str(o), *map(w.refer, typing.get_args(o))])  # fmt: skip  # noqa: UP006
    rule(typing.NewType, lambda w, o: [o.__name__, str(o.__module__), w.refer(o.__supertype__)])
    rule((type(int.__dict__["real"]), abc.ABCMeta, type(typing.Any)), lambda w, o: [str(o)])
    rule((type({}.keys()), type({}.values()), type({}.items())), lambda w, o: [w.refer(x) for x in o])
    rule(types.ModuleType, lambda w, o: [o.__name__, *(w.items((k, v) for k, v in sorted(vars(o).items()) if k != "__builtins__") if o.__name__[:1] == "v" else [])])  # fmt: skip


_fill()
