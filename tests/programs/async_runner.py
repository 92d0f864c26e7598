"""
(1, 1)
(2, 3) True False
True
(3, 3)
True 0
end
"""

import asyncio
import contextvars

variable = contextvars.ContextVar("variable", default=0)

async def step(n):
    variable.set(variable.get() + n)
    await asyncio.sleep(0.01)
    teleport()
    return n, variable.get()

async def background(found):
    while True:
        await asyncio.sleep(0.005)
        found.append(1)

async def start(found):
    return asyncio.create_task(background(found))

found = []
with asyncio.Runner() as runner:
    print(runner.run(step(1)))
    task = runner.run(start(found))
    teleport()  # between two runs: the loop stands still
    print(runner.run(step(2)), bool(found), task.done())
    print(runner.get_loop() is task.get_loop())
    teleport()
    print(runner.run(step(3), context=contextvars.Context()))
print(task.cancelled(), variable.get())
teleport()
print("end")
