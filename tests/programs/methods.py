"""
base there 3
derived there 3
class there C
static there
property there
set there 4
called there (1,) {'k': 2}
True
"""
class B:
    def __init__(self, n):
        self.n = n
    def show(self):
        return "base", teleport(), self.n

class C(B):
    def show(self):
        place = super().show()
        print(*place)
        return "derived", teleport(), self.n
    @classmethod
    def make(cls):
        return "class", teleport(), cls.__name__
    @staticmethod
    def plain():
        return "static", teleport()
    @property
    def value(self):
        return "property", teleport()
    @value.setter
    def value(self, new):
        place = teleport()
        print("set", place, new)
    def __call__(self, *args, **kwargs):
        return "called", teleport(), args, kwargs

c = C(3)
print(*c.show())
print(*C.make())
print(*c.plain())
print(*c.value)
c.value = 4
print(*c(1, k=2))
print(type(c) is C)
