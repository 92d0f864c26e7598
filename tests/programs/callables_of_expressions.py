"""
3 there
called there
C there
12 there
[3, 4] there
there 1
8 there
"""
import functools
class Adder:
    def __init__(self, x):
        self.x = x
    def __call__(self, y):
        return self.x + y, teleport()
def make():
    return Adder(1)
print(*make()(2))
handlers = {"a": lambda: ("called", teleport())}
print(*handlers["a"]())
class Meta(type):
    def __call__(cls, *args):
        said = teleport()
        return cls.__name__, said
class C(metaclass=Meta):
    pass
print(*[C][0]())
def add(x, y):
    return x + y, teleport()
print(*{"ten": functools.partial(add, 10)}["ten"](2))
def both(x, y, z=0):
    return [x, y], teleport()
print(*(functools.partial(both, 3) if make else None)(4))
class Made:
    def __init__(self):
        self.said = teleport()
        self.one = 1
made = [Made][0]()
print(made.said, made.one)
print(*(lambda: functools.partial(functools.partial(add, 3)))()(5))
