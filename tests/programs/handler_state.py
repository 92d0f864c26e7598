"""
ValueError('one') ValueError('one')
KeyError('two') True
back to ValueError('one')
after None
reraised ValueError('one')
chained ZeroDivisionError from ValueError context True
finally sees OSError('late')
outer OSError('late') None
"""
import sys
def current():
    return sys.exc_info()[1]

try:
    raise ValueError("one")
except ValueError as e:
    teleport()
    print(repr(e), repr(current()))
    try:
        raise KeyError("two")
    except KeyError as inner:
        teleport()
        print(repr(current()), inner.__context__ is e)
    print("back to", repr(current()))
print("after", current())

try:
    try:
        raise ValueError("one")
    except ValueError:
        teleport()
        raise
except ValueError as e:
    print("reraised", repr(e))
try:
    try:
        raise ValueError("one")
    except ValueError as e:
        first = e
        teleport()
        raise ZeroDivisionError from e
except ZeroDivisionError as e:
    teleport()
    print("chained", type(e).__name__, "from", type(e.__cause__).__name__, "context", e.__context__ is first)
try:
    try:
        raise OSError("late")
    finally:
        teleport()
        print("finally sees", repr(current()))
except OSError as e:
    error = e
    print("outer", repr(e), e.__context__)
