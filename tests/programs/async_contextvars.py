"""
1 main 0.333333
timer in main
2 changed 0.3333333
3 main 0.33333333
[1, 2, 3] changed in main main
isolated 0 in main
none unset
"""

import asyncio
import contextvars
import decimal

request = contextvars.ContextVar("request", default="none")
user = contextvars.ContextVar("user")

async def handler(n):
    request.set(n)
    decimal.getcontext().prec = 5 + n
    await asyncio.sleep(0.06 * n)
    if n == 2:
        user.set("changed")
        teleport()
    await asyncio.sleep(0)
    print(request.get(), user.get(), decimal.Decimal(1) / 3)
    return contextvars.copy_context()

def callback(name):
    print(name, request.get())

async def main():
    user.set("main")
    tasks = [asyncio.create_task(handler(n)) for n in (1, 2, 3)]
    alone = contextvars.Context()
    isolated = asyncio.create_task(asyncio.sleep(0.06, "isolated"), context=alone)
    request.set("in main")
    asyncio.get_running_loop().call_later(0.09, callback, "timer")
    teleport()
    contexts = await asyncio.gather(*tasks)
    print([context[request] for context in contexts], contexts[1][user], request.get(), user.get())
    teleport()
    print(await isolated, len(alone), request.get())

asyncio.run(main())
print(request.get(), user.get("unset"))
