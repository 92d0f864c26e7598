"""
0 1 there 2
sent 5
caught GeneratorExit
closed
fresh [10, 11]
finished []
in handler ValueError('v')
thrown KeyError('t')
names count
"""
import sys
def count(start):
    n = start
    while True:
        try:
            n = (yield n) or n + 1
        except GeneratorExit:
            print("caught GeneratorExit")
            raise

g = count(0)
print(next(g), next(g), teleport(), next(g))
print("sent", g.send(5))
teleport()
g.close()
teleport()
print("closed" if g.gi_frame is None else "open")
def short(a, *rest, k=1, **more):
    yield a
    yield a + k
fresh = short(10)
teleport()
print("fresh", list(fresh))
teleport()
print("finished", list(fresh))
def handler():
    try:
        raise ValueError("v")
    except ValueError:
        yield
        yield repr(sys.exc_info()[1])
h = handler()
next(h)
teleport()
print("in handler", next(h))
def thrown():
    try:
        yield
    except KeyError as e:
        yield repr(e)
t = thrown()
next(t)
teleport()
print("thrown", t.throw(KeyError("t")))
teleport()
print("names", g.__name__)
