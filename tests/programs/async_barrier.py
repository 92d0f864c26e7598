"""
2 3 []
['(0, 0)', '(1, 1)', '(2, 2)', '0', '1', '2'] False
[BrokenBarrierError('Abort or reset of barrier')]
"""

import asyncio

async def runner(barrier, n, log):
    await asyncio.sleep(0.06 * n)
    async with barrier as place:
        log.append((n, place))
    await barrier.wait()
    log.append(n)

async def main():
    barrier, log = asyncio.Barrier(3), []
    tasks = [asyncio.create_task(runner(barrier, n, log)) for n in range(3)]
    await asyncio.sleep(0.09)
    teleport()
    print(barrier.n_waiting, barrier.parties, log)
    await asyncio.gather(*tasks)
    print(sorted(map(str, log)), barrier.broken)
    lonely = asyncio.create_task(barrier.wait())
    await asyncio.sleep(0)
    teleport()
    await barrier.abort()
    print(await asyncio.gather(lonely, return_exceptions=True))

asyncio.run(main())
