"""
True True True
[3, 3] 2
[('first', True, True), ('second', True, True), ('third', True, True), ('fourth', True, True)] True True
"""

import asyncio

class Registry:
    def __init__(self):
        self.tasks, self.results = {}, []

    def start(self, name, coroutine):
        task = self.tasks[name] = asyncio.create_task(coroutine, name=name)
        task.add_done_callback(self.finished)
        task.owner = self
        return task

    def finished(self, task):
        self.results.append((task.get_name(), self.tasks[task.get_name()] is task, task.owner is self))

async def chained(registry, before):
    value = await before
    await asyncio.sleep(0)
    return value + 1

async def one():
    await asyncio.sleep(0.02)
    return 1

async def main():
    registry = Registry()
    first = registry.start("first", one())
    second = registry.start("second", chained(registry, first))
    third = registry.start("third", chained(registry, second))
    fourth = registry.start("fourth", chained(registry, second))
    event = asyncio.Event()
    aliases = [event, {"event": event}, registry.tasks]
    both = asyncio.gather(third, fourth)
    await asyncio.sleep(0)
    teleport()
    print(aliases[1]["event"] is event, aliases[2]["first"] is first, first in asyncio.all_tasks())
    print(await both, await second)
    teleport()
    print(registry.results, third.done(), third is registry.tasks["third"])

asyncio.run(main())
