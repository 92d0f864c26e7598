"""
(True, True) [1]
True False True True True True
[1, 2] True True True
True True
"""
shared = []
class Holder:
    pass
h = Holder()
h.shared, h.me = shared, h
pair = (shared, shared)
frozen = {("k", 1): shared}
def f(x, y=shared):
    inner = x
    teleport()
    inner.append(1)
    return x is y is shared is h.shared is pair[0] is frozen["k", 1], h.me is h
print(f(shared), shared)
sentinel = object()
def g(value=sentinel):
    teleport()
    return value is sentinel
print(g(), g(1), g(sentinel), None is None, ... is Ellipsis, f.__defaults__[0] is shared)
method = h.__init__
bound = shared.append
teleport()
bound(2)
print(shared, bound.__self__ is shared, type(h) is Holder, f.__globals__ is globals())
keys = [k for k in frozen]
teleport()
print(keys[0] is next(iter(frozen)), id(shared) == id(h.shared))
