"""
1 caught ValueError
finally
2 caught KeyError
3 caught IndexError [0, 1]
4 exit ValueError
4 caught
"""
def fail(error):
    teleport()
    raise error
try:
    x = [1, fail(ValueError())]
except ValueError as e:
    print("1 caught", type(e).__name__)
def f():
    try:
        return fail(KeyError())
    finally:
        print("finally")
try:
    f()
except KeyError as e:
    print("2 caught", type(e).__name__)
seen = []
try:
    for i in range(3):
        seen.append(i)
        if i:
            fail(IndexError())
except IndexError as e:
    print("3 caught", type(e).__name__, seen)
class M:
    def __enter__(self): pass
    def __exit__(self, kind, value, tb):
        print("4 exit", kind.__name__)
try:
    with M():
        fail(ValueError())
except ValueError:
    print("4 caught")
