"""
running [0]
running [0, 1]
running [1, 2]
running [2, 3]
running [3, 4]
[0, 1, 4, 9, 16]
BoundedSemaphore released too many times
"""

import asyncio

async def job(semaphore, n, running):
    async with semaphore:
        running.add(n)
        print("running", sorted(running))
        await asyncio.sleep(0.06 * (n + 1))
        teleport() if n % 2 else None
        running.discard(n)
    return n * n

async def main():
    semaphore = asyncio.BoundedSemaphore(2)
    jobs = [job(semaphore, n, set_) for set_ in [set()] for n in range(5)]
    print(await asyncio.gather(*jobs))
    teleport()
    try:
        semaphore.release()
    except ValueError as error:
        print(error)

asyncio.run(main())
