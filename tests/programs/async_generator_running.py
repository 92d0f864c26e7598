"""
0 there
1 there
closed
asend ('x', 'there')
"""
def run(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value
async def produce(n):
    try:
        for i in range(n):
            yield i, teleport()
    finally:
        print("closed")
async def consume():
    async for i, place in produce(2):
        print(i, place)
run(consume())
async def echo():
    got = yield
    while True:
        got = yield got, teleport()
async def talk():
    e = echo()
    await e.asend(None)
    print("asend", await e.asend("x"))
run(talk())
