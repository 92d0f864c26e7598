"""
a 0 ('round 0',) 1
a 1
b 0 ('round 0',) 1
b 1
counts [1, 1] [False, False]
a 1 ('round 1',) 2
a 2
b 1 ('round 1',) 2
b 2
counts [2, 2] [False, False]
a 2 ('round 2',) 3
a 3
b 2 ('round 2',) 3
b 3
counts [3, 3] [True, True]
still running 1
told ('own',)
0
['a ends', 'b ends', CancelledError(''), 'survived']
"""

import asyncio

async def stubborn(name):
    for n in range(3):
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError as error:
            print(name, n, error.args, asyncio.current_task().cancelling())
            teleport()
            print(name, asyncio.current_task().cancelling())
            await asyncio.sleep(0)
            await asyncio.sleep(0.01)
    return f"{name} ends"

async def self_cancelled():
    asyncio.current_task().cancel("own")
    teleport()
    print("still running", asyncio.current_task().cancelling())
    try:
        await asyncio.sleep(1)
    except asyncio.CancelledError as error:
        print("told", error.args)
        print(asyncio.current_task().uncancel())
    await asyncio.sleep(0)
    return "survived"

async def never():
    print("never printed")

async def main():
    tasks = [asyncio.create_task(stubborn(name)) for name in "ab"]
    fresh = asyncio.create_task(never())
    fresh.cancel("too early")
    teleport()
    await asyncio.sleep(0)
    for round in range(3):
        for task in tasks:
            task.cancel(f"round {round}")
        teleport()
        await asyncio.sleep(0.2)
        print("counts", [task.cancelling() for task in tasks], [task.done() for task in tasks])
        teleport()
    print(await asyncio.gather(*tasks, fresh, self_cancelled(), return_exceptions=True))

asyncio.run(main())
