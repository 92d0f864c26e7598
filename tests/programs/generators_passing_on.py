"""
thrown 'k' there True
thrown ends there None
thrown outer ends returned there
1 2 returned over
moved between 'k' there True
moved between ends there None
moved between outer ends returned there
1 there 2 returned over
replaced caught replaced KeyError('lost') there
replaced outer ends nothing there
1 5 over
closed ends there GeneratorExit()
closed outer ends nothing there
LookupError('around') []
closed after a move ends there GeneratorExit()
closed after a move outer ends nothing there
low there <class 'ZeroDivisionError'>
high there
waits waits
low there <class 'GeneratorExit'>
"""
import sys
def inner(name):
    try:
        try:
            teleport()
            yield 1
        except KeyError as error:
            print(name, error, teleport(), sys.exc_info()[1] is error)
            yield 2
            return "returned"
    finally:
        print(name, "ends", teleport(), repr(sys.exc_info()[1]))
def outer(name):
    got = "nothing"
    try:
        got = yield from inner(name)
        yield got
    except ValueError as error:
        print(name, "caught", error, repr(error.__context__), teleport())
        yield 5
    finally:
        print(name, "outer ends", got, teleport())
def twice(name):
    result = yield from outer(name)
    return result
g = twice("thrown")
print(next(g), g.throw(KeyError("k")), next(g), next(g, "over"))
g = twice("moved between")
print(next(g), teleport(), g.throw(KeyError("k")), g.send(None), next(g, "over"))
def other(name):
    try:
        yield 1
    finally:
        teleport()
        raise ValueError(name)
inner, kept = other, inner
g = twice("replaced")
print(next(g), g.throw(KeyError("lost")), next(g, "over"))
inner = kept
g = twice("closed")
next(g)
try:
    raise LookupError("around")
except LookupError:
    g.close()
    print(repr(sys.exc_info()[1]), list(g))
g = twice("closed after a move")
next(g)
teleport()
alias = [g]
alias[0].close()
class Forever:
    def __await__(self):
        while True:
            yield "waits"
async def low():
    try:
        await Forever()
    finally:
        print("low", teleport(), sys.exc_info()[0])
async def high():
    try:
        await low()
    except ZeroDivisionError:
        print("high", teleport())
        await low()
c = high()
print(c.send(None), c.throw(ZeroDivisionError("z")))
c.close()
