"""
computed 0
computed 1
64
computed 2
22
computed 3
error 3 <module> compute inner ['run', 'run', 'run_until_complete']
10
again outer
"""

import asyncio
import traceback
from contextlib import nullcontext

async def inner(n):
    await asyncio.sleep(0)
    teleport()
    if n == 3:
        raise LookupError(n)
    return n * 10

def compute(n):
    try:
        return 1 + asyncio.run(inner(n)) + 1
    finally:
        print("computed", n)

class Service:
    def __init__(self):
        self.total = sum([compute(n) for n in range(2)])
        self.value = asyncio.run(self.start(), debug=False)

    async def start(self):
        teleport()
        return self.total + await inner(5)

print(Service().value)
with nullcontext():
    for n in (2, 3):
        try:
            print(compute(n))
        except LookupError as error:
            lines = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
            print("error", error, lines[0], lines[1], lines[-1], lines[2:-1])
            teleport()
try:
    raise ValueError("outer")
except ValueError:
    print(asyncio.run(inner(1)))
    try:
        raise
    except ValueError as error:
        print("again", error)
