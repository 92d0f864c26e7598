"""
a0 b0 c0 s4 a1 b1 c1 s3 x y z after t4 a2 b2 c2 s2 t3 a3 b3 c3 s1 t2 a4 b4 c4 s0 t1 a5 b5 c5
"""

import asyncio

log = []

async def stepper(name, steps):
    for n in range(steps):
        log.append(f"{name}{n}")
        if (name, n) in (("b", 1), ("c", 2), ("a", 4)):
            teleport()
        await asyncio.sleep(0)

def spawn(n):
    log.append(f"s{n}")
    if n:
        loop = asyncio.get_running_loop()
        loop.call_soon(spawn, n - 1)
        loop.call_later(0, log.append, f"t{n}")

async def main():
    loop = asyncio.get_running_loop()
    tasks = [asyncio.create_task(stepper(name, 6)) for name in "abc"]
    loop.call_soon(spawn, 4)
    future = loop.create_future()
    for name in "xyz":
        future.add_done_callback(lambda done, name=name: log.append(name))
    await asyncio.sleep(0)
    future.set_result(None)
    loop.call_soon(log.append, "after")
    await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    print(*log)

asyncio.run(main())
