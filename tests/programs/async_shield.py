"""
1 False
user cancelled
precious done
1 1 1 False
"""

import asyncio

async def precious():
    await asyncio.sleep(0.04)
    print("precious done")
    return 1

async def user(inner):
    try:
        return await asyncio.shield(inner)
    except asyncio.CancelledError:
        print("user cancelled")
        teleport()
        return await inner

async def main():
    inner = asyncio.create_task(precious())
    task = asyncio.create_task(user(inner))
    await asyncio.sleep(0)
    teleport()
    task.cancel("why")
    print(task.cancelling(), inner.cancelled())
    print(await task, inner.result(), task.cancelling(), task.cancelled())

asyncio.run(main())
