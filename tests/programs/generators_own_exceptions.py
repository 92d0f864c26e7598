"""
inside ValueError('g') outside KeyError('m')
inside None outside KeyError('m')
module None
swapped ValueError('g') KeyError('m')
"""
import sys
def current():
    return repr(sys.exc_info()[1])
def handling():
    try:
        raise ValueError("g")
    except ValueError:
        teleport()
        yield current()
    teleport()
    yield repr(None) if current() == repr(outer) else current()
try:
    raise KeyError("m")
except KeyError as outer_error:
    outer = outer_error
    for inside in handling():
        print("inside", inside, "outside", current())
print("module", current())
def swap():
    try:
        raise ValueError("g")
    except ValueError:
        yield current()
        yield current()
try:
    raise KeyError("m")
except KeyError:
    s = swap()
    next(s)
    teleport()
    print("swapped", next(s), current())
