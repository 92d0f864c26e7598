"""
slow was cancelled
timeout CancelledError
slow result
moved
moved
slow was cancelled
[CancelledError('')]
"""

import asyncio

async def slow(seconds):
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        print("slow was cancelled")
        raise
    return "slow result"

async def mover():
    await asyncio.sleep(0.02)
    teleport()
    return "moved"

async def main():
    timed = asyncio.create_task(asyncio.wait_for(slow(5), 0.06))
    await asyncio.sleep(0.01)
    teleport()
    try:
        await timed
    except TimeoutError as error:
        print("timeout", type(error.__cause__).__name__)
    print(await asyncio.wait_for(slow(0.03), 5))
    print(await asyncio.wait_for(mover(), 5))
    print(await asyncio.wait_for(mover(), None))
    outer = asyncio.create_task(asyncio.wait_for(slow(5), 5))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    teleport()
    outer.cancel()
    print(await asyncio.gather(outer, return_exceptions=True))

asyncio.run(main())
