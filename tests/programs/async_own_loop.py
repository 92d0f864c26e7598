"""
first ['soon', 'moved', 'next', 'soon', 'soon']
['soon', 'moved', 'next', 'soon', 'soon', 'moved', 'late'] kept True
['soon', 'moved', 'next', 'soon', 'soon', 'moved', 'late', 'moved', 'moved']
kept False
True
"""

import asyncio

loop = asyncio.new_event_loop()
said = []

def say(word, again=0):
    said.append(word)
    if again:
        loop.call_soon(say, word, again - 1)

def mover():
    teleport()
    said.append("moved")

loop.call_later(0.3, say, "late")
cancelled = loop.call_later(0.2, say, "never")
loop.call_soon(say, "soon", 2)
loop.call_soon(mover)
loop.call_soon(say, "next")
kept = loop.create_task(asyncio.sleep(0.02, "kept"))
print(loop.run_until_complete(asyncio.sleep(0, "first", )), said)
teleport()
cancelled.cancel()
loop.call_at(loop.time() + 0.5, loop.stop)
loop.call_later(0.01, mover)
loop.run_forever()
print(said, kept.result(), cancelled.cancelled())
loop.call_soon(mover)
loop.call_soon(loop.stop)
loop.call_soon(mover)
loop.run_forever()
print(said)
print(loop.run_until_complete(kept), loop.is_running())
loop.close()
teleport()
print(loop.is_closed())
