"""
0
there 1
finished
"""
def run(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value
async def numbers():
    for i in range(2):
        yield i
async def step():
    return await anext(n, "finished")
n = numbers()
print(run(step()))
print(teleport(), run(step()))
teleport()
print(run(step()))
teleport()
