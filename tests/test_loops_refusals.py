"""What cannot move with an event loop is told by task and by what it waits for, and the program goes on."""

from __future__ import annotations

import sys
import textwrap
from types import FrameType, ModuleType
from typing import Any

import pytest

from pyteleport_jupyter import loops, objects
from pyteleport_jupyter.errors import TeleportError


def sentences(source: str) -> list[Any]:
    """What ``said`` holds after the program; its ``teleport()`` returns the sentence of the refusal, or "moves"."""
    main = ModuleType("__main__")
    code = compile(textwrap.dedent(source), "program.py", "exec", dont_inherit=True)

    def teleport() -> str:
        top = sys._getframe(1)
        root: FrameType | None = top
        while root is not None and root.f_code is not code:
            root = root.f_back
        assert root is not None
        try:
            stack = loops.capture_stack(top, root)
            session = {"stack": stack, "namespace": {}, "items": {}}
            objects.dump(session, objects.NamespaceAnchors(vars(main)), loops.running_generators(stack))
        except TeleportError as error:
            return str(error)
        return "moves"

    said: list[Any] = []
    vars(main).update(teleport=teleport, said=said)
    before, sys.modules["__main__"] = sys.modules["__main__"], main
    try:
        exec(code, vars(main))
    finally:
        sys.modules["__main__"] = before
    return said


THREAD = """
    import asyncio, threading
    async def main():
        go = threading.Event()
        task = asyncio.create_task(START, name="waits")
        await asyncio.sleep(0.01)
        said.append(teleport())
        go.set()
        await task
        said.append(teleport())
    asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (
            "asyncio.to_thread(go.wait)",
            "The task waits (to_thread) cannot move: it waits for a thread (to_thread)",
        ),
        ("run(go)", "The task waits (run) cannot move: it waits for a thread or process of an executor"),
    ],
)
def test_threads_are_named_and_are_no_obstacle_when_they_are_done(start: str, what: str) -> None:
    run = "async def run(go):\n        await asyncio.get_running_loop().run_in_executor(None, go.wait)\n    "
    source = THREAD.replace("START", start).replace("async def main", run + "async def main")
    refused, moves = sentences(source)
    assert refused.startswith(what)
    assert moves == "moves"


def test_streams_and_sockets() -> None:
    said = sentences("""
        import asyncio, socket
        async def serve(reader, writer):
            await reader.readline()
            writer.close()
        async def main():
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            said.append(teleport())
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            reading = asyncio.create_task(reader.read(), name="reading")
            await asyncio.sleep(0.05)
            said.append(teleport())
            writer.write(b"line\\n")
            said.append(await reading)
            server.close()
            writer.close()
            await writer.wait_closed()
            await server.wait_closed()
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            receiving = asyncio.create_task(asyncio.get_running_loop().sock_recv(ours, 5), name="receiving")
            await asyncio.sleep(0)
            said.append(teleport())
            theirs.send(b"12345")
            said.append(await receiving)
            ours.close()
            theirs.close()
        asyncio.run(main())
    """)
    assert "cannot move: it watches a connection, pipe or process of this machine" in said[0]
    # the client, or the handler of the server: both wait for it
    assert "cannot move: it waits for a network connection, or a pipe (a stream)." in said[1]
    assert said[2] == b""
    assert said[3].startswith(
        "The task receiving (BaseSelectorEventLoop.sock_recv) cannot move: it waits for a socket"
    )
    assert said[4] == b"12345"


def test_processes() -> None:
    said = sentences("""
        import asyncio, sys
        async def main():
            process = await asyncio.create_subprocess_exec("sleep", "0.2")
            waiting = asyncio.create_task(process.wait(), name="waiting")
            await asyncio.sleep(0)
            said.append(teleport())
            said.append(await waiting)
        asyncio.run(main())
    """)
    assert said[0].startswith(
        "The task waiting (Process.wait) cannot move: it waits for a process that was started here"
    )
    assert said[1] == 0


def test_another_loop_is_named() -> None:
    said = sentences("""
        import asyncio
        class Loop(asyncio.SelectorEventLoop):
            pass
        async def main():
            said.append(teleport())
        with asyncio.Runner(loop_factory=Loop) as runner:
            runner.run(main())
    """)
    assert said == [
        "What runs in the event loop cannot move: it is a __main__.Loop, and only asyncio's own loop can be continued. "
        "Nothing was changed, the session goes on here."
    ]


def test_a_coroutine_that_drives_a_task_of_its_own_kind() -> None:
    said = sentences("""
        import asyncio
        from collections.abc import Coroutine
        class Mine(Coroutine):
            def send(self, value): raise StopIteration(5)
            def throw(self, *error): raise StopIteration
            def close(self): pass
            def __await__(self): return iter(())
        async def main():
            task = asyncio.create_task(Mine(), name="odd")
            said.append(teleport())
            said.append(await task)
        asyncio.run(main())
    """)
    assert said[0].startswith("The task odd (Mine) cannot move: it waits for")
    assert said[1] == 5


def test_the_loop_of_another_thread() -> None:
    said = sentences("""
        import asyncio, threading
        other = asyncio.new_event_loop()
        thread = threading.Thread(target=other.run_forever)
        thread.start()
        async def main():
            mine = other
            said.append(teleport())
        asyncio.run(main())
        other.call_soon_threadsafe(other.stop)
        thread.join()
        other.close()
    """)
    assert "another thread runs it" in said[0]


def test_a_refusal_changes_nothing() -> None:
    said = sentences("""
        import asyncio
        async def fails():
            raise ValueError
        async def main():
            loop = asyncio.get_running_loop()
            told = []
            loop.set_exception_handler(lambda loop, context: told.append(context["message"]))
            task = asyncio.create_task(fails())
            await asyncio.wait([task])
            ready = list(loop._ready)
            said.append(teleport())
            said.append(ready == list(loop._ready))
            del task
            said.append(told)
        asyncio.run(main())
    """)
    assert said == ["moves", True, ["Task exception was never retrieved"]]


def test_an_async_generator_that_is_being_closed() -> None:
    said = sentences("""
        import asyncio
        async def numbers():
            try:
                yield 1
            finally:
                await asyncio.sleep(0.05)
        async def close(source):
            await source.aclose()
            return "closed"
        async def ask(source):
            return await anext(source, "default")
        async def slow():
            await asyncio.sleep(0.05)
            return
            yield
        async def main():
            source = numbers()
            await anext(source)
            for coroutine in close(source), ask(slow()):
                task = asyncio.create_task(coroutine)
                await asyncio.sleep(0)
                said.append(teleport())
                said.append(await task)
        asyncio.run(main())
    """)
    assert "an async generator that is being closed, or thrown into, cannot be taken up" in said[0]
    assert "await anext() without a default" in said[2]
    assert said[1::2] == ["closed", "default"]
