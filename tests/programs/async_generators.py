"""
a closed
b closed
['a0', 'a1', 'a2', 'b0', 'b1', 'b2']
c closed
['c0', 'c1', 'c2']
d0
d1
open r
e0e0 R
close r
e closed
f closed
g closed
{0: 'f0', 1: 'f1'} 2
d closed
"""

import asyncio
from contextlib import aclosing, asynccontextmanager

async def ticks(name, count):
    try:
        for n in range(count):
            await asyncio.sleep(0.01)
            if name == "c" and n == 1:
                teleport()
            yield f"{name}{n}"
    finally:
        print(name, "closed")

async def reader(name, found):
    async for tick in ticks(name, 3):
        found.append(tick)

@asynccontextmanager
async def resource(name):
    print("open", name)
    await asyncio.sleep(0)
    try:
        yield name.upper()
    finally:
        await asyncio.sleep(0)
        print("close", name)

async def doubled(source):
    async for item in source:
        yield item * 2

async def main():
    found = []
    tasks = [asyncio.create_task(reader(name, found)) for name in "ab"]
    await asyncio.sleep(0.005)
    teleport()  # both generators are in an await of their own
    await asyncio.gather(*tasks)
    print(sorted(found))
    print([tick async for tick in ticks("c", 3)])
    kept = ticks("d", 5)
    print(await anext(kept))
    teleport()
    print(await kept.__anext__())
    async with aclosing(doubled(ticks("e", 4))) as many, resource("r") as opened:
        async for item in many:
            teleport()
            print(item, opened)
            break
    print({n: t async for n, t in enumerated(ticks("f", 2))}, sum([len(t) async for t in ticks("g", 2) if t != "g0"]))
    await kept.aclose()

async def enumerated(source):
    n = 0
    async for item in source:
        teleport()
        yield n, item
        n += 1

asyncio.run(main())
