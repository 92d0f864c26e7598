"""
closing plain there
[]
[]
outer there
[]
RuntimeError('generator ignored GeneratorExit') NoneType
KeyError('in finally') GeneratorExit
closing closing there
coroutine there
closing kept there
again around None
"""
import contextlib
def steps(name):
    try:
        yield 1
    finally:
        print("closing", name, teleport())
def stubborn():
    try:
        yield 1
    except GeneratorExit:
        teleport()
        yield 2
def returning():
    try:
        yield 1
    except GeneratorExit:
        teleport()
        return 5
def failing():
    try:
        yield 1
    finally:
        teleport()
        raise KeyError("in finally")
async def waits():
    try:
        await Forever()
    finally:
        print("coroutine", teleport())
class Forever:
    def __await__(self):
        yield
def all_of_them():
    for make in (lambda: steps("plain"), returning, outer_direct):
        g = make()
        next(g)
        g.close()
        print(list(g))
    for make in (stubborn, failing):
        g = make()
        next(g)
        try:
            g.close()
        except (RuntimeError, KeyError) as error:
            print(repr(error), type(error.__context__).__name__)
    with contextlib.closing(steps("closing")) as g:
        next(g)
    c = waits()
    c.send(None)
    c.close()
def outer_direct():
    try:
        yield 3
    finally:
        print("outer", teleport())
all_of_them()
def kept():
    g = steps("kept")
    next(g)
    try:
        raise ValueError("around")
    except ValueError:
        g.close()
        raise
try:
    kept()
except ValueError as error:
    print("again", error, error.__context__)
