"""
Task-4
True Task-1 ['Task-2', 'second', 'Task-4']
['Task-5', 'Task-6'] 3
['Task-2', 'second', 'Task-4', 'Task-5', 'Task-6']
True True
"""

import asyncio

async def job():
    await asyncio.sleep(0.01)
    return asyncio.current_task().get_name()

async def main():
    me = asyncio.current_task()
    tasks = [asyncio.create_task(job()) for _ in range(3)]
    tasks[1].set_name("second")
    print(await tasks[2])
    teleport()
    print(me is asyncio.current_task(), me.get_name(), [task.get_name() for task in tasks])
    more = [asyncio.create_task(job()) for _ in range(2)]
    print([task.get_name() for task in more], len(asyncio.all_tasks()))
    teleport()
    print(await asyncio.gather(*tasks, *more))
    print(me in asyncio.all_tasks(), me.get_coro().cr_running)

asyncio.run(main())
