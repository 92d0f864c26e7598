"""
child 1
child 2
[2, 1]
body cancelled 1
(KeyError(1),) 0
after [30, 40] 0 1
"""

import asyncio

told = []

async def child(n, fails=False):
    try:
        await asyncio.sleep(0.06 * n)
        if fails:
            teleport()
            raise KeyError(n)
        print("child", n)
        return n
    except asyncio.CancelledError:
        told.append(n)
        teleport()
        await asyncio.sleep(0)
        raise

async def main():
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(child(n)) for n in (2, 1)]
        await asyncio.sleep(0.02)
        teleport()
    print([task.result() for task in tasks])
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(child(1, fails=True))
            group.create_task(child(30))
            group.create_task(child(40))
            try:
                await asyncio.sleep(60)
            finally:
                print("body cancelled", asyncio.current_task().cancelling())
                teleport()
    except* KeyError as errors:
        print(repr(errors.exceptions), asyncio.current_task().cancelling())
    teleport()
    print("after", sorted(told), asyncio.current_task().cancelling(), len(asyncio.all_tasks()))

asyncio.run(main())
