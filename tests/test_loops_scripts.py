"""Scripts that run an event loop go on elsewhere, over the real road."""

from __future__ import annotations

import signal

import pytest
from script_runs import AWAY, Scripts, scripts  # noqa: F401

pytestmark = pytest.mark.slow


def test_a_program_goes_on_in_its_loop(scripts: Scripts) -> None:
    done = scripts.run(f"""
        import asyncio
        async def worker(name, queue, found):
            while True:
                item = await queue.get()
                await asyncio.sleep(0.01)
                if item == 3:
                    {AWAY}
                found.append((name, item))
                queue.task_done()
        async def main():
            queue, found = asyncio.Queue(), []
            workers = [asyncio.create_task(worker(n, queue, found)) for n in range(2)]
            for item in range(6):
                queue.put_nowait(item)
            await queue.join()
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            print(sorted(item for _, item in found), os.getpid() != first)
            return "result"
        print(asyncio.run(main()))
    """)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["[0, 1, 2, 3, 4, 5] True", "result"]


def test_an_error_shows_the_lines_of_the_script_and_of_asyncio(scripts: Scripts) -> None:
    script = """
        import asyncio
        async def inner():
            MOVE
            raise ValueError("in a task")
        async def main():
            await asyncio.gather(inner(), asyncio.sleep(1))
        asyncio.run(main())
    """
    stays, moves = (scripts.run(script.replace("MOVE", move)) for move in ("pass", AWAY))
    assert "ValueError: in a task" in moves.stderr
    assert moves.stderr.replace(AWAY, "pass") == stays.stderr


def test_ctrl_c_there_cancels_the_main_task(scripts: Scripts) -> None:
    scripts.write(f"""
        import asyncio
        async def main():
            {AWAY}
            print("there", flush=True)
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                print("cancelled", flush=True)
                raise
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("interrupted")
    """)
    with scripts.start() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)
    assert rest == "cancelled\ninterrupted\n", errors


def test_a_signal_that_comes_while_the_loop_is_made_anew_comes_when_it_runs(scripts: Scripts) -> None:
    done = scripts.run(f"""
        import asyncio, signal
        class Pressing:
            def __init__(self, number): self.number = number
            def __setstate__(self, state):
                vars(self).update(state)
                os.kill(os.getpid(), self.number)
        pressing = [Pressing(signal.SIGUSR1), Pressing(signal.SIGINT)]
        async def main():
            heard = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, heard.set)
            {AWAY}
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                await heard.wait()
                print("cancelled", os.getpid() != first)
                raise
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("interrupted")
        print(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    """)
    assert done.stdout.splitlines() == ["cancelled True", "interrupted", "set()"], done.stderr


def test_a_refusal_lets_the_program_go_on(scripts: Scripts) -> None:
    done = scripts.run(f"""
        import asyncio, time
        async def main():
            task = asyncio.create_task(asyncio.to_thread(time.sleep, 0.3), name="thread")
            await asyncio.sleep(0.05)
            try:
                {AWAY}
            except Exception as error:
                print(type(error).__name__, error)
            await task
            print(os.getpid() == first)
        asyncio.run(main())
    """)
    assert "True" in done.stdout
    assert "asyncio_0" in done.stdout or "to_thread" in done.stdout
