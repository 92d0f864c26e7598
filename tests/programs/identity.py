"""
globals True
shared True
default True
self True
cycle True
"""
def f():
    teleport()
    return f.__globals__ is globals()
print("globals", f())
shared = []
def g(local):
    teleport()
    return local is shared
print("shared", g(shared))
def h(x=shared):
    teleport()
    return x is shared
print("default", h())
class S:
    def m(self):
        teleport()
        return self is s
s = S()
print("self", s.m())
def cyclic():
    me = []
    def gen():
        yield me
        yield me[0] is g
    g = gen()
    me.append(g)
    next(g)
    teleport()
    return next(g)
print("cycle", cyclic())
