"""
time goes on: True True
a0 b0 a1 c0 b1 a2 b2 c1 c2
slept
"""

import asyncio

order = []

async def sleeper(name, seconds):
    for n in range(3):
        await asyncio.sleep(seconds)
        order.append(f"{name}{n}")

async def main():
    loop = asyncio.get_running_loop()
    tasks = [asyncio.create_task(sleeper(name, seconds)) for name, seconds in (("a", 0.2), ("b", 0.26), ("c", 0.48))]
    deadline = loop.time() + 0.05
    await asyncio.sleep(0.04)
    teleport()
    print("time goes on:", loop.time() < deadline + 0.5, loop is asyncio.get_running_loop())
    await asyncio.sleep(0.24)
    teleport()
    await asyncio.gather(*tasks)
    print(*order)
    print(await asyncio.sleep(0, "slept"))

asyncio.run(main())
