"""
False
timeout True 0
inside 1
inside 1
timeout True CancelledError 0
"""

import asyncio

async def main():
    async with asyncio.timeout(5) as long:
        await asyncio.sleep(0.01)
        teleport()
        await asyncio.sleep(0.01)
    print(long.expired())
    try:
        async with asyncio.timeout(5):
            async with asyncio.timeout(0.05) as short:
                teleport()
                await asyncio.sleep(1)
    except TimeoutError:
        print("timeout", short.expired(), asyncio.current_task().cancelling())
        teleport()
    try:
        async with asyncio.timeout(None) as later:
            try:
                later.reschedule(asyncio.get_running_loop().time() + 0.03)
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                print("inside", asyncio.current_task().cancelling())
                teleport()
                await asyncio.sleep(0)
                teleport()
                print("inside", asyncio.current_task().cancelling())
                raise
            finally:
                teleport()
    except TimeoutError as error:
        print("timeout", later.expired(), type(error.__cause__ or error.__context__).__name__, asyncio.current_task().cancelling())

asyncio.run(main())
