"""
6765 21
CacheInfo(hits=18, misses=21, maxsize=None, currsize=21) there True
75025 26
method 5 4 [2, 1, 0] CacheInfo(hits=0, misses=3, maxsize=2, currsize=2)
method 5 4 [2, 1, 0]
bound 6 CacheInfo(hits=2, misses=4, maxsize=2, currsize=2)
spread 3 CacheInfo(hits=1, misses=1, maxsize=128, currsize=1)
starred (4, 5) [('z', 1)] CacheInfo(hits=1, misses=1, maxsize=8, currsize=1)
partial 7 CacheInfo(hits=1, misses=1, maxsize=128, currsize=1)
partial 7 CacheInfo(hits=1, misses=1, maxsize=128, currsize=1)
ValueError CacheInfo(hits=0, misses=1, maxsize=None, currsize=0)
ValueError CacheInfo(hits=0, misses=2, maxsize=None, currsize=0)
cleared CacheInfo(hits=0, misses=0, maxsize=None, currsize=0)
cleared CacheInfo(hits=1, misses=0, maxsize=None, currsize=1)
same [1, 2] [1, 2] CacheInfo(hits=2, misses=2, maxsize=4, currsize=1)
none CacheInfo(hits=0, misses=2, maxsize=0, currsize=0)
oldest CacheInfo(hits=1, misses=5, maxsize=2, currsize=2)
two 11 CacheInfo(hits=0, misses=1, maxsize=None, currsize=1) CacheInfo(hits=1, misses=2, maxsize=None, currsize=2)
['deep', '<module>']
cached property 9 9 1
dispatched int there, str there, object there
partial method 12 14
keys [1, 2, 3] 1
levels 405 CacheInfo(hits=0, misses=401, maxsize=None, currsize=401)
"""
import functools, sys
calls = []
@functools.cache
def fib(n):
    calls.append(n)
    if n < 2:
        return teleport() and n if n else n
    return fib(n - 1) + fib(n - 2)
print(fib(20), len(calls))
before = fib.cache_info()
print(before, teleport(), fib.cache_info() == before)
print(fib(25), len(calls))
class Countdown:
    def __init__(self):
        self.seen = []
    @functools.lru_cache(maxsize=2)
    def down(self, n):
        self.seen.append(n)
        self.said = self.down(n - 1) if n else teleport()
        return n + 3
countdown = Countdown()
print("method", countdown.down(2), countdown.said, countdown.seen, Countdown.down.cache_info())
print("method", countdown.down(2), countdown.said, countdown.seen)
down = countdown.down
@functools.lru_cache(maxsize=2)
def tell(x):
    return x if teleport() else 0
bound = [countdown.down][0]
countdown.seen.clear()
print("bound", down(3), Countdown.down.cache_info())
@functools.lru_cache
def spread(*args):
    return sum(args) if teleport() else 0
def passing(*args, **names):
    return spread(*args, **names)
print("spread", (passing(1, 2), passing(1, 2))[1], spread.cache_info())
@functools.lru_cache(8)
def starred(*args, **names):
    teleport()
    return args, sorted(names.items())
starred(*(4, 5), z=1)
print("starred", *starred(4, 5, **{"z": 1}), starred.cache_info())
@functools.lru_cache
def plus(x, y):
    teleport()
    return x + y
five = functools.partial(plus, 5)
five(2)
print("partial", five(2), plus.cache_info())
@functools.lru_cache
def plus(x, y):
    teleport()
    return x + y
five = functools.partial(plus, y=5)
five(2)
print("partial", five(2), plus.cache_info())
@functools.cache
def failing(x):
    teleport()
    raise ValueError
for _ in "ab":
    try:
        failing(1)
    except ValueError as error:
        print(type(error).__name__, failing.cache_info())
@functools.cache
def cleared(x):
    clearing.cache_clear()
    teleport()
    return clearing.cache_info()
clearing = cleared
print("cleared", cleared(1))
cleared(1)
print("cleared", cleared.cache_info())
once = []
@functools.lru_cache(maxsize=4)
def same(x):
    once.append(len(once))
    if len(once) == 1:
        same(x)
    teleport()
    return [1, 2]
first = same(0)
print("same", same(0), same(0), same.cache_info())
@functools.lru_cache(maxsize=0)
def none(x):
    return teleport()
none(1), none(1)
print("none", none.cache_info())
@functools.lru_cache(maxsize=2)
def oldest(x):
    return x if x < 2 else teleport()
oldest(0), oldest(1), oldest(2), oldest(1), oldest(3), oldest(0)
print("oldest", oldest.cache_info())
@functools.cache
def inner(x):
    return teleport() and 10
outer = functools.cache(functools.partial(inner))
outer(1), inner(2)
print("two", inner(1) + 1, outer.cache_info(), inner.cache_info())
@functools.cache
def deep(x):
    teleport()
    frame, names = sys._getframe(), []
    while frame is not None and frame.f_code.co_name != "run_module" and "run_code" not in frame.f_code.co_name:
        names.append(frame.f_code.co_name.replace("<cell line: 1>", "<module>"))
        frame = frame.f_back
    return names[:2]
print([name if name == "deep" else "<module>" for name in deep(1)])
class Lazy:
    count = 0
    @functools.cached_property
    def value(self):
        self.count += 1
        return 9 if teleport() else 0
lazy = Lazy()
print("cached property", lazy.value, lazy.value, lazy.count)
@functools.singledispatch
def kind(x):
    return f"object {teleport()}"
@kind.register
def _(x: int):
    return f"int {teleport()}"
@kind.register(str)
def _(x):
    return f"str {teleport()}"
print("dispatched", ", ".join(map(str, [kind(1), kind("a"), kind(None)])))
class Parts:
    def add(self, x, y):
        teleport()
        return x + y
    ten = functools.partialmethod(add, 10)
    four = functools.partialmethod(add, y=4)
print("partial method", Parts().ten(2), Parts().four(10))
class Key:
    def __init__(self, x): self.x = x
    def __hash__(self): return self.x
    def __eq__(self, other): return self.x == other.x
@functools.cache
def keyed(key):
    calls.append(key)
    teleport()
    return [key.x, key.x + 1, key.x + 2]
calls.clear()
keyed(Key(1))
print("keys", keyed(Key(1)), len(calls))
@functools.cache
def down(n):
    return down(n - 1) + 1 if n else len(teleport())
print("levels", down(400), down.cache_info())
