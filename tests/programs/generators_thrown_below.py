"""
inner caught, outer goes on
inner raised, outer caught
inner caught, outer goes on
task swallowed
"""
import asyncio


def inner(catches):
    try:
        yield 1
    except catches:
        return "inner caught"


def outer(catches):
    try:
        answer = yield from inner(catches)
    except KeyError:
        yield "inner raised, outer caught"
    yield f"{answer}, outer goes on"


for catches in (KeyError, IndexError):
    waiting = outer(catches)
    next(waiting)
    teleport()
    print(waiting.throw(KeyError()))


def far_from_its_end(catches):
    answer = yield from inner(catches)
    a = b = c = 0
    a = (a + b + c) * (a + b + c) + (a + b + c) * (a + b + c) + (a + b + c) * (a + b + c) + (a + b + c)
    yield f"{answer}, outer goes on"


waiting = far_from_its_end(KeyError)
next(waiting)
teleport()
print(waiting.throw(KeyError()))


async def swallowing():
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        return "swallowed"


async def above():
    return await swallowing()


async def main():
    task = asyncio.create_task(above())
    await asyncio.sleep(0.01)
    teleport()
    task.cancel()
    print("task", await task)


asyncio.run(main())
