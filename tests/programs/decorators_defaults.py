"""
decorated there 3
default there
annotated there
class there
"""
def decorate(place):
    def inner(function):
        return lambda *a: ("decorated", place, function(*a))
    return inner
@decorate(teleport())
def f(n):
    return n
print(*f(3))
def g(x=teleport()):
    return x
print("default", g())
place = teleport()
def h(x: place) -> None: ...
print("annotated", h.__annotations__["x"])
def mark(cls):
    cls.place = teleport()
    return cls
@mark
class C: ...
print("class", C.place)
