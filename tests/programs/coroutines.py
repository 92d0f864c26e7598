"""
step 0 there
step 1 there
result 3
enter there
body there
leave there
items [0, 1, 2]
comprehension [0, 2, 4]
error ValueError('boom')
suspended ['a', 'b', 'c']
"""
class Switch:
    def __await__(self):
        got = yield "switch"
        return got
def run(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value
async def step(n):
    place = teleport()
    await Switch()
    print("step", n, place)
    return n + 1
async def main():
    total = 0
    for n in range(2):
        total += await step(n)
    teleport()
    return total
print("result", run(main()))
class Manager:
    async def __aenter__(self):
        print("enter", teleport())
    async def __aexit__(self, *error):
        print("leave", teleport())
async def managed():
    async with Manager():
        print("body", teleport())
run(managed())
async def produce(n):
    for i in range(n):
        await Switch()
        yield i
async def consume():
    items = []
    async for item in produce(3):
        teleport()
        items.append(item)
    print("items", items)
    print("comprehension", [2 * i async for i in produce(3) if teleport()])
run(consume())
async def failing():
    await step_quietly()
    raise ValueError("boom")
async def step_quietly():
    teleport()
async def catching():
    try:
        await failing()
    except ValueError as e:
        teleport()
        print("error", repr(e))
run(catching())
async def parts():
    for part in "abc":
        found.append(part)
        await Switch()
found = []
p = parts()
p.send(None)
teleport()
p.send(None)
teleport()
run(p)
print("suspended", found)
