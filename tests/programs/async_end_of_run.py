"""
1
a is cancelled
a ends
generator closed
[True]
[True]
"""

import asyncio

async def background(name):
    try:
        await asyncio.sleep(100)
    finally:
        print(name, "is cancelled")
        teleport()
        await asyncio.sleep(0.01)
        print(name, "ends")

async def endless():
    try:
        while True:
            await asyncio.sleep(0)
            yield 1
    finally:
        print("generator closed")

async def main():
    tasks = [asyncio.create_task(background(name)) for name in "a"]
    global generator
    generator = endless()
    print(await anext(generator))
    await asyncio.sleep(0)
    teleport()
    return tasks

tasks = asyncio.run(main())
print([task.cancelled() for task in tasks])
teleport()
print(await_result := [task.done() for task in tasks])
