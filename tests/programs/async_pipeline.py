"""
x done
y done
z done
['x0', 'x1', 'x4', 'x9', 'y0', 'y1', 'y4', 'y9', 'z0', 'z1', 'z4', 'z9'] True 0
[CancelledError(''), CancelledError(''), CancelledError('')]
"""

import asyncio

async def produce(queue, name, count):
    for n in range(count):
        await queue.put((name, n))
        if n == 2:
            teleport()
    print(name, "done")

async def transform(source, target):
    while True:
        name, n = await source.get()
        await asyncio.sleep(0)
        await target.put(f"{name}{n * n}")
        source.task_done()

async def collect(queue, found):
    while (item := await queue.get()) is not None:
        found.append(item)
        queue.task_done()
    queue.task_done()
    return len(found)

async def main():
    first, second, found = asyncio.Queue(2), asyncio.PriorityQueue(3), []
    middle = [asyncio.create_task(transform(first, second)) for _ in range(2)]
    last = asyncio.create_task(collect(second, found))
    await asyncio.gather(*(produce(first, name, 4) for name in "xyz"))
    teleport()
    await first.join()
    teleport()
    for task in middle:
        task.cancel()
    await second.join()
    print(sorted(found), first.empty(), second.qsize())
    last.cancel()
    print(await asyncio.gather(*middle, last, return_exceptions=True))

asyncio.run(main())
