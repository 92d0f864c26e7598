"""
inner sees KeyError('k') context ValueError('v')
f sees ValueError('v')
module sees None
deep RuntimeError('end') <- KeyError('k') <- ValueError('v')
"""
import sys
def current():
    return repr(sys.exc_info()[1])

def inner():
    try:
        raise KeyError("k")
    except KeyError as e:
        teleport()
        print("inner sees", current(), "context", repr(e.__context__))

def f():
    try:
        raise ValueError("v")
    except ValueError:
        inner()
        print("f sees", current())

f()
print("module sees", current())

def end():
    try:
        raise KeyError("k")
    except KeyError:
        teleport()
        raise RuntimeError("end")

try:
    try:
        raise ValueError("v")
    except ValueError:
        end()
except RuntimeError as e:
    print("deep", repr(e), "<-", repr(e.__context__), "<-", repr(e.__context__.__context__))
