"""
c1 [0]
c2 [1, 2]
c3 [3, 4, 5]
[] False
"""

import asyncio

async def consumer(condition, stock, name, wanted):
    async with condition:
        await condition.wait_for(lambda: len(stock) >= wanted)
        taken = [stock.pop(0) for _ in range(wanted)]
        print(name, taken)
        condition.notify_all()

async def main():
    condition, stock = asyncio.Condition(), []
    tasks = [asyncio.create_task(consumer(condition, stock, f"c{n}", n)) for n in (3, 1, 2)]
    await asyncio.sleep(0)
    for item in range(6):
        async with condition:
            stock.append(item)
            if item % 2:
                teleport()
            condition.notify()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    teleport()
    async with condition:
        condition.notify_all()
    await asyncio.gather(*tasks)
    print(stock, condition.locked())

asyncio.run(main())
