"""
a in 1 True
a out
b in 1 True
b out
d in 1 True
d out
['NoneType', 'NoneType', 'CancelledError', 'NoneType'] False
Lock is not acquired.
"""

import asyncio

async def worker(lock, name, inside):
    async with lock:
        inside.append(name)
        print(name, "in", len(inside), lock.locked())
        await asyncio.sleep(0.01)
        if name == "b":
            teleport()
        inside.remove(name)
    print(name, "out")

async def main():
    lock, inside = asyncio.Lock(), []
    tasks = [asyncio.create_task(worker(lock, name, inside)) for name in "abcd"]
    await asyncio.sleep(0)
    teleport()
    tasks[2].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    print([type(each).__name__ for each in done], lock.locked())
    await lock.acquire()
    teleport()
    lock.release()
    try:
        lock.release()
    except RuntimeError as error:
        print(error)

asyncio.run(main())
