"""
x ('x', 1) [(0, 1), (1, 1)]
yy ('yy', 2) [(0, 1), (1, 1)]
exit 2 <class 'ValueError'>
exit 2 <class 'ValueError'>
[30, 30]
"""

import asyncio
from contextlib import nullcontext

def deep(n):
    with nullcontext():
        return [n, deep(n - 1)] if n else teleport()

class Thing:
    def __enter__(self):
        deep(1)
        return self

    def __exit__(self, *error):
        print("exit", deep(2)[0], error[0])
        return True

    def __getitem__(self, key):
        return (key, len(str(deep(0) and key)))

async def work(name):
    with Thing() as thing:
        await asyncio.sleep(0)
        print(name, thing[name], [thing[n] for n in range(2)])
        await asyncio.sleep(0)
        raise ValueError(name)
    return 5 * (3 + len(str(deep(1)[0])) + await asyncio.sleep(0, 2))

async def main():
    print(await asyncio.gather(work("x"), work("yy")))

asyncio.run(main())
