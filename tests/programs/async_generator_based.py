"""
42
"""

import asyncio
import types

class Pause:
    def __await__(self):
        yield

class Box:
    def __init__(self, future):
        self.future = future

    def __await__(self):
        value = yield from self.future
        teleport()
        return value + 1

@types.coroutine
def old_style(box):
    found = yield from box.__await__()
    yield
    return found * 2

async def work(future):
    await Pause()
    teleport()
    await Pause()
    return await old_style(Box(future))

async def main():
    future = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(work(future))
    for n in range(4):
        await Pause()
        teleport()
    future.set_result(20)
    print(await task)

asyncio.run(main())
