"""
True 8
3 4 5 8 CacheInfo(hits=4, misses=5, maxsize=3, currsize=3)
True True True 8
4 10 10 {'maxsize': 3, 'typed': False} f
11 1
6765 there 75025 37
0 CacheInfo(hits=1, misses=4, maxsize=128, currsize=4)
"""
import functools
calls = []
@functools.lru_cache(maxsize=3)
def f(*args, **kwargs):
    calls.append((args, kwargs))
    return len(calls)
f(1), f(2), f(1), f("x"), f((1, 2)), f(a=1)
@functools.lru_cache(maxsize=None, typed=True)
def typed(x, y=0):
    calls.append(x)
    return [x, y]
one, two, three = typed(1), typed(1.0), typed(2, y=3)
@functools.cache
def failing(x):
    if x:
        raise ValueError
try:
    failing(1)
except ValueError:
    pass
before = [each.cache_info() for each in (f, typed, failing)]
teleport()
print([each.cache_info() for each in (f, typed, failing)] == before, len(calls))
print(f("x"), f((1, 2)), f(a=1), len(calls), f.cache_info())
print(typed(1) is one, typed(1.0) is two, typed(2, y=3) is three, len(calls))
f(9)
print(f((1, 2)), f("x"), len(calls), f.cache_parameters(), f.__wrapped__.__name__)
f.cache_clear()
print(f(1), f.cache_info().currsize)
@functools.cache
def fib(n):
    calls.append(n)
    return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(20), teleport(), fib(25), len(calls))
def make():
    @functools.lru_cache
    def inner(x):
        calls.append(x)
        return x if x == 0 else inner(x - 1)
    return inner
inner = make()
inner(3)
teleport()
count = len(calls)
inner(3)
print(len(calls) - count, inner.cache_info())
