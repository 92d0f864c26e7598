"""
Noted own True True
ValueError('kept') True
gone ('message',)
[('first', 7), ('reader', 7), ('method', True), ('reader', 7)]
from a timer 7
"""

import asyncio

log = []

class Noted(asyncio.Future):
    note = "class"

def told(name, future):
    log.append((name, future.result()))

class Listener:
    def heard(self, future):
        log.append(("method", future is plain))

async def reader(future):
    log.append(("reader", await future))

async def main():
    global plain
    loop = asyncio.get_running_loop()
    plain, noted = loop.create_future(), Noted()
    noted.note, noted.partner = "own", plain
    plain.add_done_callback(lambda future: told("first", future))
    task = asyncio.create_task(reader(plain))
    await asyncio.sleep(0)
    plain.add_done_callback(Listener().heard)
    second = asyncio.create_task(reader(plain))
    await asyncio.sleep(0)
    result, error, gone = loop.create_future(), loop.create_future(), loop.create_future()
    result.set_result([plain])
    error.set_exception(ValueError("kept"))
    gone.cancel("message")
    loop.call_later(0.03, noted.set_result, "from a timer")
    teleport()
    print(type(noted).__name__, noted.note, noted.partner is plain, result.result()[0] is plain)
    print(repr(error.exception()), gone.cancelled())
    try:
        await gone
    except asyncio.CancelledError as cancelled:
        print("gone", cancelled.args)
    plain.set_result(7)
    teleport()
    await asyncio.gather(task, second)
    print(log)
    print(await noted, await plain)

asyncio.run(main())
