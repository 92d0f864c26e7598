"""
RuntimeError('second') ValueError(1) [18]
handler ZeroDivisionError('division by zero')
RuntimeError: second
"""

import asyncio
import traceback

async def fails(n):
    await asyncio.sleep(0.01)
    teleport()
    try:
        raise ValueError(n)
    except ValueError as error:
        await asyncio.sleep(0)
        teleport()
        raise RuntimeError("second") from error

def handler(loop, context):
    print("handler", repr(context["exception"]))

async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(handler)
    task = asyncio.create_task(fails(1))
    await asyncio.wait([task])
    teleport()
    error = task.exception()
    print(repr(error), repr(error.__cause__), [line.lineno for line in traceback.extract_tb(error.__traceback__)])
    loop.call_soon(lambda: 1 / 0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    try:
        await fails(3)
    except RuntimeError:
        print(traceback.format_exc(limit=-1).splitlines()[-1])

asyncio.run(main())
