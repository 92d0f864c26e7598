"""
[1, 2, (3, 4), 5, {'z': 6}]
[0, 2] there
finished [] True
coroutine 7
closed closure None
"""
def arguments(a, b=2, /, *rest, k, **more):
    yield from (a, b, rest, k, more)
g = arguments(1, 2, 3, 4, k=5, z=6)
evens = (i for i in range(3) if i % 2 == 0)
teleport()
print(list(g))
place = teleport()
print(list(evens), place)
teleport()
print("finished", list(evens), evens.gi_frame is None)
async def seven():
    return 7
c = seven()
teleport()
try:
    c.send(None)
except StopIteration as stop:
    print("coroutine", stop.value)
def closing():
    x = 1
    def inner():
        yield x
    return inner()
i = closing()
i.close()
teleport()
print("closed closure", next(i, None))
