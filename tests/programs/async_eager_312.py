"""
start 0
start 1
True
start 2
end 0
end 1
end 2
[0, 1, 2] at once
"""

import asyncio

async def job(n):
    print("start", n)
    await asyncio.sleep(0.01)
    teleport()
    print("end", n)
    return n

async def at_once():
    return "at once"

async def main():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    tasks = [asyncio.create_task(job(n)) for n in range(2)]
    quick = asyncio.create_task(at_once())
    print(quick.done())
    teleport()
    tasks.append(asyncio.create_task(job(2)))
    print(await asyncio.gather(*tasks), await quick)

asyncio.run(main())
