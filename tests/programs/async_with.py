"""
enter plain
got 1
got 0
exit plain None
enter swallows
enter inner
exit inner ValueError
exit swallows ValueError
enter a
enter b
exit b None
exit a None
end
"""

import asyncio
from contextlib import AsyncExitStack, suppress

class Connection:
    def __init__(self, name):
        self.name = name

    async def __aenter__(self):
        await asyncio.sleep(0)
        teleport()
        print("enter", self.name)
        return self

    async def __aexit__(self, kind, error, traceback):
        await asyncio.sleep(0)
        teleport()
        print("exit", self.name, kind and kind.__name__)
        return self.name == "swallows"

    def __aiter__(self):
        self.left = 2
        return self

    async def __anext__(self):
        await asyncio.sleep(0)
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        teleport()
        return self.left

async def main():
    async with Connection("plain") as connection:
        async for n in connection:
            print("got", n)
    async with Connection("swallows"), Connection("inner"):
        raise ValueError
    async with AsyncExitStack() as stack:
        for name in "ab":
            await stack.enter_async_context(Connection(name))
        stack.push_async_callback(asyncio.sleep, 0)
        with suppress(KeyError):
            teleport()
            {}["missing"]
    return "end"

print(asyncio.run(main()))
