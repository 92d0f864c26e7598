"""
[('A', 'there'), ('B', 2)] B.n there A 6
(5, 5, True) local.<locals>.Local B
called there
((1, 2), 'there') M {'option': 1} there Meta
there 2 starred
(3, 'there') Point(x=3, y=5)
"""
class Base:
    registry = []
    def __init_subclass__(cls, tag=None, **more):
        super().__init_subclass__(**more)
        cls.registry.append((cls.__name__, tag))
class A(Base, tag=teleport()):
    x = [n * 2 for n in range(3)]
    teleport()
    y = sum(x)
    def f(self):
        return __class__.__name__, super().registry
class Named:
    def __set_name__(self, owner, name):
        self.name = owner.__name__ + "." + name
class B(A, tag=2):
    n = Named()
    class Inner:
        where = teleport()
        class Deeper:
            where = teleport()
    teleport()
    z = Inner.Deeper.where
print(A.registry, B.n.name, B.z, B().f()[0], A.y)
def local(value):
    class Local(B):
        captured = value
        teleport()
        def get(self):
            return value, self.captured, __class__ is Local
    return Local
L = local(5)
teleport()
print(L().get(), L.__qualname__, L.__mro__[1].__name__)
class Meta(type):
    @classmethod
    def __prepare__(meta, name, bases, **more):
        return {"prepared": name}
    def __new__(meta, name, bases, names, **more):
        made = super().__new__(meta, name, bases, dict(names))
        made.more = more
        return made
    def __init__(cls, name, bases, names, **more):
        super().__init__(name, bases, names)
    def __call__(cls, *args):
        print("called", teleport())
        return super().__call__(*args)
class M(metaclass=Meta, option=1):
    place = teleport()
    def __init__(self, *args):
        self.args = args, teleport()
m = M(1, 2)
print(m.args, M.prepared, M.more, M.place, type(M).__name__)
def decorate(cls):
    cls.decorated = teleport()
    return cls
@decorate
class D(*[Base], **{"tag": "starred"}):
    a = 1
    teleport()
    b = a + 1
print(D.decorated, D.b, Base.registry[-1][1])
from typing import NamedTuple
class Point(NamedTuple):
    x: int
    y: int = 2
    def total(self):
        return self.x + self.y, teleport()
print(Point(1).total(), Point(1, 5)._replace(x=3))
