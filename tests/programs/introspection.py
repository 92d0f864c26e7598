"""
['inner', 'outer'] 18 inner ['c', 'frame', 'local', 'names']
True ['c']
('outer', [1])
(True, 'K') ('K', 'there', True)
{'k': 2, 'more': {'m': 3}, 'x': 0, 'y': 1, 'z': (2,)}
True 5
['y'] ('x', 'y')
['<module>'] __main__
"""
import inspect, sys
def outer(a, *, b=2):
    local = [a]
    def inner(c):
        teleport()
        frame = inspect.currentframe()
        names = [each.function for each in inspect.stack()][:3]
        print(names[:2], frame.f_lineno, frame.f_code.co_name, sorted(frame.f_locals))
        print(sys._getframe(1).f_locals["local"] is local, inspect.getargvalues(frame).args)
        return frame.f_back.f_code.co_qualname, local
    return inner(b)
print(outer(1))
class K:
    def method(self):
        teleport()
        return __class__ is K, super().__repr__()[:12], self.__class__.__name__
    @classmethod
    def make(cls):
        place = teleport()
        return cls.__name__, place, __class__ is cls
print(K().method()[::2], K.make())
def all_locals(x, y=1, *z, k=2, **more):
    teleport()
    return dict(sorted(locals().items()))
print(all_locals(0, 1, 2, m=3))
def globals_are_one():
    teleport()
    global made
    made = 5
    return globals() is sys.modules["__main__"].__dict__
print(globals_are_one(), made)
def deleted():
    x = y = 1
    del x
    teleport()
    return sorted(locals())
print(deleted(), deleted.__code__.co_varnames)
print([f.function for f in inspect.stack() if f.function == "<module>"][:1], __name__)
