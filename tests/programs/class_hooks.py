"""
new Made ['option'] there
made Made there
Made there Meta
('there', 'Has') ('<__', True)
[('one', 'One', 'there'), ('two', 'Two', 'there')] one two frozenset({'must'}) 1
three 3 3
((1, 2), True, (3, 4), 'Named')
((1, 2), True, (3, 4), 'Named')
(5, 'there') (9.0, 0.0) Celsius Pair(x='there', y=5) Pair(x=1, y='there')
"""
import abc
import collections
class Meta(type):
    def __new__(metaclass, name, bases, names, **options):
        print("new", name, sorted(options), teleport())
        made = super().__new__(metaclass, name, bases, names)
        print("made", made.__name__, teleport())
        return made
class Made(metaclass=Meta, option=1):
    said = teleport()
    def method(self):
        return __class__.__name__
print(Made().method(), Made.said, type(Made).__name__)
class Initialising(type):
    def __init__(cls, name, bases, names):
        super().__init__(name, bases, names)
        cls.extra = teleport(), name
class Has(metaclass=Initialising):
    def method(self):
        return super().__repr__()[:3], __class__ is Has
print(Has.extra, Has().method())
registry = []
class Registered:
    def __init_subclass__(cls, *, key=None, **more):
        super().__init_subclass__(**more)
        registry.append((key, cls.__name__, teleport()))
        cls.key = key
class One(Registered, key="one"):
    x = 1
class Two(One, abc.ABC, key="two"):
    @abc.abstractmethod
    def must(self):
        pass
print(registry, One.key, Two.key, Two.__abstractmethods__, One.x)
Three = type("Three", (Registered,), {"y": 3}, key="three")
print(Three.key, Three.y, len(registry))
class Point(tuple):
    def __new__(cls, x, y):
        teleport()
        made = super().__new__(cls, (x, y))
        teleport()
        return made
class Celsius(float):
    def __new__(cls, fahrenheit):
        teleport()
        return super().__new__(cls, (fahrenheit - 32) / 2)
kept = Celsius(50), Celsius(32)
Pair = collections.namedtuple("Pair", "x y", defaults=(5,))
class Single:
    one = None
    def __new__(cls, *given, **named):
        if cls.one is None:
            teleport()
            cls.one = super().__new__(cls)
        return cls.one
class Named(Point):
    pass
def made():
    return Point(1, 2), Single() is Single(), Named(3, 4), type(Named(5, y=6)).__name__
for turn in range(2):
    print(made())
class Other:
    def __new__(cls):
        return 5, teleport()
print(Other(), kept, type(kept[0]).__name__, Pair(teleport()), Pair(1, y=teleport()))
