"""
body there ['x', 'y']
K there int
method there
meta Meta {'flag': 1} there
nested there
"""
class K:
    x = 1
    place = teleport()
    y = 2
    print("body", place, [n for n in sorted(locals()) if n in ("x", "y", "z")])
    def method(self):
        return __class__.__name__, teleport(), type(self.x).__name__
print(*K().method())
class Meta(type):
    def __new__(meta, name, bases, names, **flags):
        names["flags"] = flags
        return type.__new__(meta, name, bases, names)
    def __init__(cls, name, bases, names, **flags):
        pass
class Base(metaclass=Meta):
    def method(self):
        return "method", self.place
class L(Base, flag=1):
    teleport()
    place = teleport()
    class Inner:
        place = teleport()
print(*L().method())
print("meta", type(L).__name__, L.flags, L.place)
print("nested", L.Inner.place)
