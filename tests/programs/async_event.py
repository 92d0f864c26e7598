"""
w0 waits
w1 waits
w2 waits
lost waits
False [False, False, False]
w0 got True
w1 got True
w2 got True
['w0', 'w1', 'w2']
cancelled () True
"""

import asyncio

async def waiter(event, name):
    print(name, "waits")
    print(name, "got", await event.wait())
    return name

async def main():
    event, never = asyncio.Event(), asyncio.Event()
    tasks = [asyncio.create_task(waiter(event, f"w{n}")) for n in range(3)]
    lost = asyncio.create_task(waiter(never, "lost"))
    await asyncio.sleep(0)
    teleport()
    print(event.is_set(), [task.done() for task in tasks])
    event.set()
    teleport()  # the waiters are about to be called
    print(await asyncio.gather(*tasks))
    lost.cancel()
    try:
        await lost
    except asyncio.CancelledError as error:
        print("cancelled", error.args, lost.cancelled())

asyncio.run(main())
