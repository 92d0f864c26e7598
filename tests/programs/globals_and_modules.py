"""
1 2 4 2
7 True
2 __main__ __main__
True True
mine 1
name 'counter' is not defined
"""
import sys, types
counter = 0
def bump():
    global counter, created
    counter += 1
    teleport()
    created = counter * 2
    return counter
print(bump(), bump(), created, globals()["counter"])
module = types.ModuleType("made_here")
exec("value = 1\ndef get(): return value", module.__dict__)
teleport()
module.value = 7
print(module.get(), module.get.__globals__ is module.__dict__)
print(sys.modules["__main__"].counter, __name__, bump.__module__)
import os.path as p, math as m
teleport()
print(p is sys.modules["os.path"], m.pi is sys.modules["math"].pi)
def shadow():
    len = lambda x: "mine"
    teleport()
    return len([1])
print(shadow(), len([1]))
del counter
try:
    bump()
except NameError as error:
    print(error)
