"""
E from there
cleaned
seen by module
"""
class E(Exception): pass
def f():
    try:
        raise_it(teleport())
    finally:
        print("cleaned")
def raise_it(place):
    print("E from", place)
    raise E
try:
    f()
except E:
    teleport()
    print("seen by module")
