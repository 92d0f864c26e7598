"""Threads are named and refused, but for those that a kernel or a progress bar has of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from session_kernels import Session

from pyteleport_jupyter.errors import ThreadsRunning
from pyteleport_jupyter.session.threads import check_threads, threads_in_the_way


@pytest.fixture
def waiting() -> Iterator[threading.Thread]:
    done = threading.Event()
    thread = threading.Thread(target=done.wait, name="my worker", daemon=True)
    thread.start()
    yield thread
    done.set()
    thread.join()


def test_a_thread_is_named(waiting: threading.Thread) -> None:
    assert waiting in threads_in_the_way()
    with pytest.raises(ThreadsRunning, match=r"running: .*my worker.*abandon_threads=True"):
        check_threads(abandon=False)


def test_it_can_be_abandoned(waiting: threading.Thread) -> None:
    check_threads(abandon=True)


def test_a_pool_is_in_the_way_only_while_it_works() -> None:
    began, done = threading.Event(), threading.Event()
    before = threads_in_the_way()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(lambda: (began.set(), done.wait()))
        began.wait()
        assert len(threads_in_the_way()) == len(before) + 1
        done.set()
        working.result()
        while len(threads_in_the_way()) > len(before):
            pass


def test_the_threads_of_a_kernel_are_no_obstacle(tmp_path: Path) -> None:
    session = Session(tmp_path, hops=False)
    try:
        messages = session.run(
            "import asyncio, tqdm\n"
            "from pyteleport_jupyter.session.threads import threads_in_the_way\n"
            "await asyncio.to_thread(int)\n"
            "for _ in tqdm.tqdm(range(2)): pass\n"
            "threads_in_the_way()"
        )
    finally:
        session.end()
    shown = [content["data"]["text/plain"] for kind, content in messages if kind == "execute_result"]
    assert shown == ["[]"]
