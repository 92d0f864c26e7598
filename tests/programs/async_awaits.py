"""
[(0, 1, 2), (1, 3, 4)]
aexit ValueError there
swallowed
([0, 1, 2], {1: 'there', 2: 'there'})
"""
class Step:
    def __await__(self):
        got = yield "step"
        return got
async def child(n):
    first = await Step()
    teleport()
    second = await Step()
    return n, first, second
async def parent():
    results = []
    for n in range(2):
        results.append(await child(n))
        teleport()
    return results
def drive(coroutine):
    sent = None
    count = 0
    while True:
        try:
            coroutine.send(sent)
        except StopIteration as stop:
            return stop.value
        count += 1
        sent = count
print(drive(parent()))
class Resource:
    async def __aenter__(self):
        await Step()
        teleport()
        return self
    async def __aexit__(self, kind, error, tb):
        await Step()
        print("aexit", kind and kind.__name__, teleport())
        return True
async def using():
    async with Resource() as r:
        teleport()
        raise ValueError
    return "swallowed"
print(drive(using()))
async def numbers():
    for n in range(3):
        await Step()
        yield n
        teleport()
async def total():
    return [n async for n in numbers()], {n: teleport() async for n in numbers() if n}
print(drive(total()))
