"""Classes of every make: metaclasses, descriptors, slots, operators, abstract classes, enums, class decorators."""

import abc
import enum
import functools
import operator
from dataclasses import asdict, dataclass, field, replace


class Registered(type):
    known = []

    def __new__(metaclass, name, bases, names, **keywords):
        made = super().__new__(metaclass, name, bases, names)
        made.tag = keywords.get("tag", name.lower())
        metaclass.known.append(made.tag)
        return made

    def __init__(cls, name, bases, names, **keywords):
        super().__init__(name, bases, names)

    def __call__(cls, *arguments):
        made = super().__call__(*arguments)
        made.serial = cls.count = getattr(cls, "count", 0) + 1
        return made


class Typed:
    def __init__(self, kind):
        self.kind = kind

    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner=None):
        return self if instance is None else getattr(instance, self.name, None)

    def __set__(self, instance, value):
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.name[1:]} must be {self.kind.__name__}, not {type(value).__name__}")
        setattr(instance, self.name, value)


class Shape(metaclass=Registered):
    sides = Typed(int)

    def __init__(self, sides):
        self.sides = sides

    def __repr__(self):
        return f"{type(self).__name__}({self.sides})#{self.serial}"


class Square(Shape, tag="quad"):
    def __init__(self):
        super().__init__(4)


print(Shape(3), Square(), Square(), Registered.known)
try:
    Shape("many")
except TypeError as error:
    print(error)


class Polynomial:
    __slots__ = ("terms",)

    def __init__(self, *terms):
        self.terms = list(terms)

    def __add__(self, other):
        longest = max(len(self.terms), len(other.terms))
        pad = lambda p: p.terms + [0] * (longest - len(p.terms))
        return Polynomial(*map(operator.add, pad(self), pad(other)))

    def __mul__(self, other):
        if isinstance(other, int):
            return Polynomial(*(term * other for term in self.terms))
        result = [0] * (len(self.terms) + len(other.terms) - 1)
        for i, a in enumerate(self.terms):
            for j, b in enumerate(other.terms):
                result[i + j] += a * b
        return Polynomial(*result)

    __rmul__ = __mul__

    def __call__(self, x):
        return functools.reduce(lambda total, term: total * x + term, reversed(self.terms), 0)

    def __getitem__(self, index):
        return self.terms[index]

    def __len__(self):
        return len(self.terms)

    def __bool__(self):
        return any(self.terms)

    def __contains__(self, term):
        for each in self.terms:
            if each == term:
                return True
        return False

    def __iter__(self):
        for power, term in enumerate(self.terms):
            if term:
                yield power, term

    def __str__(self):
        return " + ".join(f"{term}x^{power}" for power, term in self) or "0"


p, q = Polynomial(1, 2), Polynomial(0, 0, 3)
print(p + q, "|", p * q, "|", 2 * p, "|", (p * p)(3), len(p), bool(Polynomial(0)), 3 in q, list(p))


class Base(abc.ABC):
    def __init_subclass__(cls, /, kind="plain", **keywords):
        super().__init_subclass__(**keywords)
        cls.kind = kind

    @property
    @abc.abstractmethod
    def area(self): ...

    @classmethod
    def of(cls, *values):
        return cls(*values)

    @staticmethod
    def unit():
        return "m2"


@dataclass(frozen=True, order=True)
class Rectangle(Base, kind="right"):
    width: int
    height: int = 1
    tags: tuple = field(default_factory=tuple, compare=False)

    def __post_init__(self):
        if self.width <= 0:
            raise ValueError("too thin")

    @property
    def area(self):
        return self.width * self.height


rectangles = sorted([Rectangle.of(3, 4), Rectangle(2), Rectangle(3, 2, ("t",))])
print(rectangles, [r.area for r in rectangles], Rectangle.kind, Rectangle.unit())
print(replace(rectangles[0], height=9), asdict(rectangles[-1]))
try:
    Base()
except TypeError as error:
    print("abstract" in str(error))


class Colour(enum.Flag):
    RED = enum.auto()
    GREEN = enum.auto()
    BOTH = RED | GREEN

    def __missing__(cls, value):
        return None


print(Colour.BOTH, Colour.RED in Colour.BOTH, ~Colour.RED == Colour.GREEN, list(Colour))


def counted(cls):
    plain = cls.__init__

    @functools.wraps(plain)
    def counting(self, *arguments):
        cls.instances = getattr(cls, "instances", 0) + 1
        plain(self, *arguments)

    cls.__init__ = counting
    return cls


@counted
class Thing:
    def __init__(self, name):
        self.name = name

    def __getattr__(self, name):
        if name.startswith("no_"):
            raise AttributeError(name)
        return f"{self.name}.{name}"


things = [Thing("a"), Thing("b")]
print(Thing.instances, things[0].any, hasattr(things[1], "no_x"), getattr(things[1], "no_y", "default"))
