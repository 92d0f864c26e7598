"""
job 3
job 1
job 0
[0, 1, ValueError(2), 3] [True, True, True, True]
True
first error 2
2 3
job 1
job 0
gather cancelled False
"""

import asyncio

async def job(n):
    await asyncio.sleep(0.05 * (5 - n))
    if n == 2:
        teleport()
        raise ValueError(n)
    print("job", n)
    return n

async def main():
    children = [asyncio.create_task(job(n)) for n in range(4)]
    both = asyncio.gather(*children, return_exceptions=True)
    await asyncio.sleep(0.07)
    teleport()
    found = await both
    print(found, [child.done() for child in children])
    print(children[2].exception() is found[2])
    try:
        await asyncio.gather(job(1), job(2), job(0))
    except ValueError as error:
        print("first error", error)
        teleport()
        print(error, len(asyncio.all_tasks()))
    await asyncio.sleep(0.4)
    outer = asyncio.gather(asyncio.sleep(9), asyncio.sleep(9))
    await asyncio.sleep(0)
    teleport()
    outer.cancel()
    try:
        await outer
    except asyncio.CancelledError:
        print("gather cancelled", outer.cancelled())

asyncio.run(main())
