"""
task cleans there 1
task clean
task between there
main ('enough',) True
timeout cleans there 1
timeout clean
timeout between there
timeout there
walk
walk items end there
[CancelledError('')]
walk
walk items end there
walk above there
[CancelledError('')]
first cleans there 1
first clean
first between there
(KeyError('group'),)
"""
import asyncio
async def cleaning(name):
    try:
        await asyncio.sleep(100)
    finally:
        print(name, "cleans", teleport(), asyncio.current_task().cancelling())
        await asyncio.sleep(0.01)
        teleport()
        print(name, "clean")
async def between(name):
    try:
        return await cleaning(name)
    except asyncio.CancelledError:
        print(name, "between", teleport())
        raise
async def items(name):
    try:
        while True:
            yield name
            await asyncio.sleep(100)
    finally:
        print(name, "items end", teleport())
async def walks(name):
    async for item in items(name):
        print(item)
async def above(name):
    try:
        await walks(name)
    finally:
        print(name, "above", teleport())
async def main():
    task = asyncio.create_task(between("task"))
    await asyncio.sleep(0)
    teleport()
    task.cancel("enough")
    try:
        await task
    except asyncio.CancelledError as error:
        print("main", error.args, task.cancelled())
    try:
        async with asyncio.timeout(0.02):
            await between("timeout")
    except TimeoutError:
        print("timeout", teleport())
    for walk in (walks, above):
        walking = asyncio.create_task(walk("walk"))
        await asyncio.sleep(0)
        walking.cancel()
        print(await asyncio.gather(walking, return_exceptions=True))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(between("first"))
            await asyncio.sleep(0)
            raise KeyError("group")
    except* KeyError as several:
        print(several.exceptions)
asyncio.run(main())
