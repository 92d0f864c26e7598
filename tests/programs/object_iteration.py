"""
(1, 'there')
(0, 'there')
(0, 'there') end
there 1
there [1] ['there', 1] ['1', 'there'] there
('there', 1) 2 ['there', 1]
True
['there', 1]
awaited
"""
class Countdown:
    def __init__(self, n):
        self.n = n
    def __iter__(self):
        teleport()
        return self
    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.n, teleport()
for item in Countdown(2):
    print(item)
c = Countdown(1)
print(next(c), next(c, "end"))
a, b = Fresh = type("Fresh", (), {"__iter__": lambda self: iter([teleport(), 1])})()
print(a, b)
first, *rest = Fresh
print(first, rest, list(Fresh), sorted(map(str, Fresh)), max(map(str, Fresh)))
print(tuple(Fresh), len(set(Fresh)), [*Fresh])
print("there" in Fresh)
def delegate():
    yield from Countdown(0)
    yield from Fresh
print(list(delegate()) if False else [x for x in delegate()])
class Await:
    def __await__(self):
        teleport()
        return iter(())
async def main():
    await Await()
    return "awaited"
try:
    main().send(None)
except StopIteration as stop:
    print(stop.value)
