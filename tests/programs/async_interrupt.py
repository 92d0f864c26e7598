"""
main is cancelled
interrupted
True
True
"""

import asyncio
import signal

async def main():
    loop = asyncio.get_running_loop()
    teleport()
    loop.call_later(0.01, signal.raise_signal, signal.SIGINT)
    try:
        await asyncio.sleep(5)
    except asyncio.CancelledError:
        print("main is cancelled")
        raise

async def polite():
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, done.set)
    teleport()
    signal.raise_signal(signal.SIGUSR1)
    print(await done.wait())

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted")
asyncio.run(polite())
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
