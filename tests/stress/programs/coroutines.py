"""A scheduler of coroutines of its own: tasks, channels, timers, async generators and contexts."""

import heapq
import types
from collections import deque


@types.coroutine
def pause(request):
    return (yield request)


class Loop:
    def __init__(self):
        self.ready, self.timers, self.now, self.count = deque(), [], 0, 0

    def spawn(self, coroutine, name):
        self.ready.append((coroutine, name, None))

    def run(self):
        while self.ready or self.timers:
            if not self.ready:
                self.now, _, task = heapq.heappop(self.timers)
                self.ready.append((*task, None))
            coroutine, name, value = self.ready.popleft()
            try:
                kind, *details = coroutine.send(value)
            except StopIteration as stop:
                print(f"{self.now:3} {name} ended with {stop.value}")
                continue
            getattr(self, "on_" + kind)(coroutine, name, *details)

    def on_sleep(self, coroutine, name, ticks):
        self.count += 1
        heapq.heappush(self.timers, (self.now + ticks, self.count, (coroutine, name)))

    def on_get(self, coroutine, name, channel):
        if channel.items:
            self.ready.append((coroutine, name, channel.items.popleft()))
        else:
            channel.waiting.append((coroutine, name))

    def on_put(self, coroutine, name, channel, item):
        if channel.waiting:
            self.ready.append((*channel.waiting.popleft(), item))
        else:
            channel.items.append(item)
        self.ready.append((coroutine, name, None))


class Channel:
    def __init__(self):
        self.items, self.waiting = deque(), deque()

    async def put(self, item):
        await pause(("put", self, item))

    async def get(self):
        return await pause(("get", self))

    def __aiter__(self):
        return self

    async def __anext__(self):
        item = await self.get()
        if item is None:
            raise StopAsyncIteration
        return item


class Timed:
    def __init__(self, name):
        self.name = name

    async def __aenter__(self):
        await pause(("sleep", 1))
        self.start = loop.now
        return self

    async def __aexit__(self, kind, error, traceback):
        await pause(("sleep", 1))
        print(f"{loop.now:3} {self.name} took {loop.now - self.start}, {error!r}")
        return kind is ZeroDivisionError


async def ticks(count, step):
    try:
        for number in range(count):
            await pause(("sleep", step))
            yield number
    finally:
        print(f"{loop.now:3} no more ticks")


async def producer(channel, count):
    async for tick in ticks(count, 3):
        await channel.put(tick * tick)
    await channel.put(None)
    return "all sent"


async def consumer(channel):
    total = 0
    async with Timed("consumer"):
        async for item in channel:
            print(f"{loop.now:3} got {item}")
            total += item
    return total


async def failing():
    async with Timed("failing"):
        values = [tick async for tick in ticks(3, 2)]
        return sum(values) / (len(values) - 3)


loop = Loop()
channel = Channel()
loop.spawn(consumer(channel), "consumer")
loop.spawn(producer(channel, 4), "producer")
loop.spawn(failing(), "failing")
loop.run()
