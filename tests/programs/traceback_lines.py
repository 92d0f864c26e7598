"""
8 <module>
6 outer
2 inner
raised after
22 <module>
17 again
14 raising
ValueError('before') kept
"""
import traceback
def show(error):
    base = inner.__code__.co_firstlineno - 1
    for entry in traceback.extract_tb(error.__traceback__):
        print(entry.lineno - base, entry.name)
def inner():
    teleport(); raise KeyError("after")

def outer():
    return (1 +
            inner())
try:
    outer()
except KeyError as error:
    show(error)
    print("raised", error.args[0])

def raising():
    raise ValueError("before")
def again():
    try:
        raising()
    except ValueError:
        teleport()
        raise
try:
    again()
except ValueError as error:
    teleport()
    show(error)
    print(repr(error), "kept")
