"""Kinds of objects that few have and nobody may lose: each arrives as it was, is told to stay, or is rebuilt as told.

What a plan says, what the move does and what the digest says are compared in each case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from objects_travel import Far, main_of, session_of

from pyteleport_jupyter import objects
from pyteleport_jupyter.inventory.stock import Session, take_stock
from pyteleport_jupyter.objects import Leaving, NamespaceAnchors
from pyteleport_jupyter.objects.verification import digests

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]

DIFFERENCES = (
    "__import__('pyteleport_jupyter.objects.verification').objects.verification"
    ".differences(items['seen'], globals(), ())"
)


def test_a_module_made_by_hand_can_be_asked_what_all_modules_can(move: Move) -> None:
    far = move("import types\nm = types.ModuleType('m', 'Documented.')")
    assert far("(m.__spec__, m.__loader__, m.__package__, m.__doc__)") == "(None, None, None, 'Documented.')"


def test_a_variable_that_is_the_dict_of_another_stays_it(move: Move) -> None:
    far = move("""
        class D(dict): pass
        class Q: pass
        d, q = D(a=1), Q(); d.x, q.y = [1], 1
        before, after = vars(d), vars(q)
        def f(): pass
        f.z = 1; of_function = vars(f); plain = {'a': 1}
        """)
    assert far("(before is vars(d), after is vars(q), of_function is vars(f), plain)") == (
        "(True, True, True, {'a': 1})"
    )
    assert far("(after.update(y=2), q.y, d, d.x)") == "(None, 2, {'a': 1}, [1])"


SUBCLASSES = """
import collections, datetime, decimal, fractions, random, weakref
class Doubling:
    def append(self, value): super().append(value * 2)
    def extend(self, values): super().extend([value * 3 for value in values])
    def add(self, value): super().add(value + 100)
    def update(self, values): super().update([value + 5 for value in values])
class L(Doubling, list):
    def __init__(self, *, k): super().__init__(); self.k = k
l = L(k=1); l.append(2); l.me = l
class S(Doubling, set):
    def __init__(self, items, tag): super().__init__(items); self.tag = tag
s = S([1, 2], 't')
class FS(frozenset):
    def __new__(cls, a, b): made = super().__new__(cls, [a, b]); made.t = 1; return made
fs = FS(1, 2)
class Setting:
    def __setitem__(self, key, value): super().__setitem__(key, value * 2)
class D(Setting, dict):
    def __init__(self, required): super().__init__(); self.required = required
d = D(1); d['a'] = 5
class DD(Setting, collections.defaultdict): pass
dd = DD(list); dd['a'] = 5; dd.t = 1
class Own(collections.defaultdict):
    def __init__(self): super().__init__(lambda: self)
own = Own()
class C(Setting, collections.Counter): pass
c = C(); c['a'] = 1; c.t = 5
class Last(collections.OrderedDict):
    def __init__(self, most): super().__init__(); self.most = most
    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        if len(self) > self.most: self.popitem(last=False)
    def __getitem__(self, key): self.move_to_end(key); return super().__getitem__(key)
last = Last(2); last['a'] = 1; last['b'] = 2; last['c'] = 3; last['b']
class Twice(Setting, collections.OrderedDict): pass
twice = Twice(); twice['x'] = 1
class Q(Doubling, collections.deque):
    def __init__(self, tag): super().__init__(maxlen=3); self.tag = tag
q = Q('t'); q.append(1)
class BA(bytearray):
    def __init__(self, value, k): super().__init__(value); self.k = k
ba = BA(b'x', 2)
class Day(datetime.datetime):
    def __new__(cls, year, extra): made = super().__new__(cls, year, 1, 1); made.extra = extra; return made
day = Day(2020, [1])
class Span(datetime.timedelta):
    def __new__(cls, days, e): made = super().__new__(cls, days=days); made.e = e; return made
span = Span(1, 'e')
class R(random.Random):
    def __init__(self, tag): super().__init__(tag); self.tag = tag
r = R(5); r.other = 7
class F(fractions.Fraction):
    def __new__(cls, value, tag): return super().__new__(cls, value)
f = F(3, 't')
class Dec(decimal.Decimal):
    def __new__(cls, value, tag): made = super().__new__(cls, value); made.tag = tag; return made
dec = Dec('1.5', 'q')
NT = collections.namedtuple('NT', 'x y', defaults=[5])
class Pair(NT):
    def __new__(cls, x): return super().__new__(cls, x, x * 2)
pair = Pair(4); pair.extra = [pair]; plain = NT(1)
class K: pass
k = K()
class WV(weakref.WeakValueDictionary):
    def __init__(self, required): super().__init__(); self.required = required
wv = WV(1); wv['q'] = k
class Ref(weakref.ref): __slots__ = 'extra',
ref = Ref(k); ref.extra = 5
"""

ODD_CLASSES = """
class Borg:
    state = {}
    def __init__(self): self.__dict__ = self.state
one, two = Borg(), Borg(); one.x = 1
class Stand:
    def __init__(self, target): object.__setattr__(self, '_target', target)
    __class__ = property(lambda self: type(self._target))
    def __getattr__(self, name): return getattr(self._target, name)
stand = Stand([1, 2])
class Lazy:
    def __init__(self, make): object.__setattr__(self, '_make', make)
    def __getattribute__(self, name): return getattr(object.__getattribute__(self, '_make')(), name)
lazy = Lazy(lambda: [1, 2])
circle = KeyError(); circle.args = ([circle],)
class Group(ExceptionGroup):
    def __new__(cls, words, errors, code): made = super().__new__(cls, words, errors); made.code = code; return made
    def derive(self, errors): return Group(self.message, errors, self.code)
group = Group('m', [TypeError()], 5)
big = [10 ** 100_000]
"""

INTERPRETER = """
import ctypes, importlib.util, json, random, re, sys, bz2, gzip, io, ssl, itertools
class Point(ctypes.Structure):
    _fields_ = [('x', ctypes.c_int), ('name', ctypes.c_char * 8)]
    def double(self): return self.x * 2
class Line(ctypes.Structure):
    _fields_ = [('start', Point), ('steps', ctypes.c_short * 3)]
class Node(ctypes.Structure): pass
Node._fields_ = [('next', ctypes.POINTER(Node)), ('value', ctypes.c_int)]
class Bits(ctypes.BigEndianStructure):
    _fields_ = [('a', ctypes.c_uint16, 4), ('b', ctypes.c_uint16, 12)]
class Either(ctypes.Union):
    _fields_ = [('i', ctypes.c_int), ('f', ctypes.c_float)]
Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
point = Point(1, b'hi'); line = Line(point, (1, 2, 3)); bits = Bits(3, 100); either = Either(i=7)
numbers = (ctypes.c_int * 4)(1, 2, 3, 4)
data = bytearray(b'0123456789'); whole = memoryview(data); every = whole[::2]; back = whole[::-1]
fixed = whole.toreadonly(); words = whole[:8].cast('I'); over = memoryview(b'x'); over.release()
square = memoryview(bytearray(range(12))).cast('B', (3, 4)); constant = memoryview(b'abc')[1:]
version, source = sys.version_info, random.SystemRandom()
decoder = json.JSONDecoder(object_hook=lambda found: found); found = importlib.util.find_spec('json')
scanner = re.Scanner([('a', None)])
path = FOLDER
for opened, name in ((gzip.open, 'z.gz'), (bz2.open, 'z.bz2')):
    with opened(path + name, 'wt') as file: file.write('one\\ntwo\\nthree\\n')
text = gzip.open(path + 'z.gz', 'rt'); text.readline(); binary = bz2.open(path + 'z.bz2'); binary.read(2)
del file
buffered = io.BufferedReader(io.BytesIO(b'abc')); buffered.read(1)
trust = ssl.create_default_context(); alone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
alone.check_hostname = False; alone.verify_mode = ssl.CERT_NONE
done = itertools.pairwise('ab'); list(done); groups = itertools.groupby('ab'); key, group = next(groups); list(group)
"""

NUMPY = """
import numpy as np
large = np.arange(100_000.0)
turned, some, one_of = np.arange(5)[::-1], large[::3], np.arange(12.0).reshape(3, 4).T[1:]
add, own = np.add, np.frompyfunc(lambda a, b: a + b, 2, 1)
place = np.arange(4).flat; next(place)
pairs = np.ndenumerate(np.eye(2)); next(pairs)
info = np.finfo('f4')
gaps = np.zeros(9, np.dtype([('a', 'i1'), ('b', 'f8')], align=True))[::2]
"""

CASES = [
    (SUBCLASSES, (
        "list(l), l.k, l.me is l, sorted(s), s.tag, sorted(fs), fs.t, dict(d), d.required, dict(dd), dd.t, own['q'] is own",
        "dict(c), c.t, list(last.items()), last.most, list(twice.items()), list(q), q.maxlen, q.tag, bytes(ba), ba.k",
        "day.year, day.extra, span.days, span.e, r.tag, r.other, r.random(), f + 1, dec + 1, dec.tag",
        "tuple(pair), type(pair) is Pair, pair.extra[0] is pair, plain, wv['q'] is k, wv.required, ref() is k, ref.extra",
    )),
    (ODD_CLASSES, (
        "one.__dict__ is two.__dict__ is Borg.state, two.x, isinstance(stand, list), stand._target, lazy[:1] if False else "
        "object.__getattribute__(lazy, '_make')()",
        "circle.args[0][0] is circle, group.code, group.split(TypeError)[0].code, str(group), big[0] == 10 ** 100_000",
    )),
    (INTERPRETER, (
        "point.x, point.name, point.double(), line.start.x, list(line.steps), Node().value, bits.a, bits.b, either.i",
        "list(numbers), type(numbers) is ctypes.c_int * 4, Callback(len) is not None, Line._fields_[0][1] is Point",
        "whole.obj is data, every.tolist(), every.strides, back.tobytes(), fixed.readonly, words.tolist(), square.tolist()",
        "constant.tobytes(), (whole.__setitem__(4, 65), data, every.tobytes(), back.tobytes(), fixed.tobytes(), words.tolist())",
        "version is sys.version_info, 0 <= source.random() < 1, decoder.decode('{}'), found.name, found is json.__spec__",
        "len(scanner.lexicon), text.readline(), binary.read(4), buffered.read()",
        "trust.verify_mode, trust.check_hostname, len(trust.get_ca_certs()), alone.verify_mode, len(alone.get_ciphers())",
        "list(done), list(group), [name for name, _ in groups]",
    )),
    (NUMPY, (
        "turned, some[-1], one_of.tolist(), add is np.add, own(1, 2), own.nin, next(place), next(pairs), info.eps, len(gaps)",
    )),
]  # fmt: skip


@pytest.fixture
def planned() -> Any:
    """A function: the paths of what stays, as a plan says."""

    def paths(namespace: dict[str, Any]) -> set[str]:
        rows, _, _ = take_stock(Session(session_of(namespace), NamespaceAnchors(namespace), {}))
        return {row.name + row.path for row in rows if row.verdict == "stays"}

    return paths


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[[str], dict[str, Any]]]:
    """A function: the namespace in which a source has run. Its files are closed in the end."""
    namespaces: list[dict[str, Any]] = []

    def make(source: str) -> dict[str, Any]:
        namespaces.append(main_of(source.replace("FOLDER", repr(f"{tmp_path}/"))))
        return namespaces[-1]

    yield make
    for namespace in namespaces:
        for name in FILES & namespace.keys():
            namespace[name].close()


FILES = {"text", "binary", "writing"}


@pytest.mark.usefixtures("own_main")
@pytest.mark.parametrize(("source", "looks"), CASES, ids=["subclasses", "classes", "interpreter", "numpy"])
def test_all_arrive(
    far_process: Far, planned: Any, made: Callable[[str], dict[str, Any]], source: str, looks: tuple[str, ...]
) -> None:
    main = made(source)
    assert planned(main) == set()
    seen = digests(session_of(main)["namespace"], ())
    far_process.load(objects.dump(session_of(main, seen=seen), NamespaceAnchors(main), {}))
    assert far_process(DIFFERENCES) == "[]"
    # Looking changes some of them.
    again = made(source)
    for look in looks:
        assert far_process(look) == repr(eval(look, again)), look


STAYING = """
import ctypes, gzip, hashlib
from unittest import mock
number = ctypes.pointer(ctypes.c_int(5))
hashed = hashlib.blake2b(b'x')
writing = gzip.open(FOLDER + 'z.gz', 'wb')
stand_in, call = mock.Mock(), mock.call(1)
class Meta(type):
    def __reduce_ex__(cls, version): return 'nowhere'
class Base(metaclass=Meta): pass
class Lost:
    def __reduce__(self): return 'nowhere'
lost, fine = [Lost()], [1]
"""


@pytest.mark.usefixtures("own_main")
def test_what_stays_is_told_by_the_plan_and_leaves_the_rest(
    far_process: Far, planned: Any, made: Callable[[str], dict[str, Any]]
) -> None:
    main = made(STAYING)
    leaving = Leaving("here")
    pickled = objects.dump(session_of(main), NamespaceAnchors(main), {}, leaving=leaving)
    reasons = {refusal.path: refusal.reason for refusal in pickled.left}
    assert planned(main) == reasons.keys()
    assert {"number", "hashed", "writing", "stand_in", "call", "lost[0]"} <= reasons.keys()
    assert "close it first" in reasons["writing"]
    far_process.load(pickled)
    assert (
        far_process("fine, type(hashed).__name__, type(lost[0]).__name__")
        == "([1], 'Tombstone', 'Tombstone')"
    )


@pytest.mark.usefixtures("own_main")
def test_an_object_stays_with_its_class(
    far_process: Far, planned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = main_of(
        """
        class Mapped: pass
        class Row(Mapped): pass
        rows, other = [Row(), Row()], 5
        """
    )
    from pyteleport_jupyter.objects import table
    from pyteleport_jupyter.objects.reduction import Reduction

    reduce_class = table.reducer_for(type)
    assert reduce_class is not None

    def refuse_one(made: Any, reduction: Reduction) -> Any:
        if made is main["Mapped"]:
            raise table.CannotMove("it is mapped")
        return reduce_class(made, reduction)

    monkeypatch.setattr(table, "_rows", dict(table._rows))
    table.reduces(type, subclasses=True)(refuse_one)
    stays = {"Mapped", "Row", "rows[0]", "rows[1]"}
    assert planned(main) == stays
    pickled = objects.dump(session_of(main), NamespaceAnchors(main), {}, leaving=Leaving("here"))
    assert {refusal.path for refusal in pickled.left} == stays
    far_process.load(pickled)
    assert far_process("other, type(rows[1]).__name__") == "(5, 'Tombstone')"
