"""
['job 1'] ['job 2', 'job 3'] True
0 2
completed 0
completed 2
completed 3
"""

import asyncio

async def job(n):
    await asyncio.sleep(0.08 * n)
    return n

async def main():
    tasks = {asyncio.create_task(job(n), name=f"job {n}") for n in (1, 2, 3)}
    waiting = asyncio.create_task(asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED))
    await asyncio.sleep(0.01)
    teleport()
    done, pending = await waiting
    print([task.get_name() for task in done], sorted(task.get_name() for task in pending), done | pending == tasks)
    done, pending = await asyncio.wait(pending, timeout=0.001)
    print(len(done), len(pending))
    teleport()
    for next_done in asyncio.as_completed(list(pending) + [asyncio.create_task(job(0))]):
        print("completed", await next_done)
        teleport()

asyncio.run(main())
