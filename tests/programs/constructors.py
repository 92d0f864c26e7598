"""
made 1 there
derived 2 there there
from partial (1, 2, 'there')
cached there
wrapped there
type there
"""
import functools
class A:
    def __init__(self, n):
        self.n = n
        self.place = teleport()
class B(A):
    def __init__(self, n):
        super().__init__(n)
        self.own = teleport()
a = A(1)
print("made", a.n, a.place)
b = B(2)
print("derived", b.n, b.place, b.own)
def f(x, y):
    return x, y, teleport()
p = functools.partial(f, 1)
print("from partial", p(2))
@functools.lru_cache
def cached():
    return teleport()
print("cached", cached())
def wrap(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper
@wrap
def wrapped(x, y=2):
    return teleport()
print("wrapped", wrapped(1, y=3))
for kind in (A,):
    print("type", kind(3).place)
