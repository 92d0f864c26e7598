"""
ValueError KeyError there
ValueError KeyError
OSError there OSError
KeyError
None
in ValueError NoneType
KeyError
in TypeError NoneType
"""
import sys
def g():
    try:
        raise ValueError("mine")
    except ValueError:
        yield sys.exc_info()[0].__name__
        teleport()
        yield sys.exc_info()[0].__name__
    yield sys.exc_info()[0]
try:
    raise KeyError("outer")
except KeyError:
    x = g()
    print(next(x), sys.exc_info()[0].__name__, teleport())
    print(next(x), sys.exc_info()[0].__name__)
    try:
        raise OSError
    except OSError:
        print(next(x).__name__, teleport(), sys.exc_info()[0].__name__)
    print(sys.exc_info()[0].__name__)
print(sys.exc_info()[0])
def h():
    while True:
        try:
            yield
        except Exception as error:
            teleport()
            print("in", type(error).__name__, type(error.__context__).__name__)
y = h()
next(y)
try:
    raise KeyError
except KeyError:
    y.throw(ValueError("thrown"))
    print(sys.exc_info()[0].__name__)
y.throw(TypeError)
