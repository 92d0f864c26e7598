"""Generators, coroutines and async generators come back in the state they had."""

from __future__ import annotations

import asyncio
import gc
import inspect
import sys
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from pyteleport_jupyter import frames
from pyteleport_jupyter.errors import FrameRefused
from pyteleport_jupyter.frames import priming


def copy(generator: Any) -> Any:
    """A second one in the same state, made from the reduce tuple of the first."""
    make, arguments, *state = frames.reduce_generator(generator, {})
    made = make(*arguments)  # type: ignore[operator]
    if state:
        values, _, _, load = state
        load(made, values)  # type: ignore[operator]
    frames.finish_restore()
    return made


def count(n: int) -> Iterator[int]:
    total = 0
    while total < n:
        total += (yield total) or 1  # type: ignore[misc]


def test_a_suspended_one_goes_on_where_it_was_and_the_first_is_untouched() -> None:
    generator = count(4)
    assert [next(generator), next(generator)] == [0, 1]
    second = copy(generator)
    assert list(second) == [2, 3]
    assert list(generator) == [2, 3]


def test_a_copy_of_a_copy() -> None:
    generator = count(5)
    next(generator)
    second = copy(copy(generator))
    next(second)
    assert list(copy(second)) == [2, 3, 4]


@pytest.mark.parametrize("steps", [0, 1, 9])
def test_names_and_state_are_those_of_the_first(steps: int) -> None:
    generator = count(3)
    for _ in range(steps):
        next(generator, None)
    second = copy(generator)
    assert inspect.getgeneratorstate(second) == inspect.getgeneratorstate(generator)
    assert second.__name__ == "count"
    assert second.__qualname__ == "count"


def test_one_that_delegates_keeps_what_it_delegates_to() -> None:
    inner = count(3)

    def outer() -> Iterator[int]:
        yield from inner

    generator = outer()
    next(generator)
    second = copy(generator)
    assert second.gi_yieldfrom is inner


def test_thrown_into_and_closed() -> None:
    log: list[str] = []

    def guarded() -> Iterator[object]:
        try:
            yield 1
        except KeyError:
            yield sys.exc_info()[1]
        finally:
            log.append("finally")

    generator = guarded()
    next(generator)
    error = KeyError()
    second = copy(generator)
    assert second.throw(error) is error
    second.close()
    copy(generator).close()
    assert log == ["finally", "finally"]
    generator.close()  # type: ignore[attr-defined]


async def ticks(n: int) -> AsyncIterator[int]:
    for i in range(n):
        await asyncio.sleep(0)
        yield i


def test_an_async_generator_at_its_own_yield() -> None:
    async def run() -> list[int]:
        first = ticks(4)
        await anext(first)
        second = copy(first)
        rest = [i async for i in second]
        await first.aclose()  # type: ignore[attr-defined]
        return rest

    assert asyncio.run(run()) == [1, 2, 3]


def test_a_finished_and_a_fresh_async_generator() -> None:
    async def run() -> tuple[list[int], list[int]]:
        first = ticks(2)
        fresh = [i async for i in copy(first)]
        done = [i async for i in first]
        assert done == fresh
        return fresh, [i async for i in copy(first)]

    assert asyncio.run(run()) == ([0, 1], [])


def test_an_async_generator_inside_an_await_of_its_own_comes_with_what_awaits_it() -> None:
    async def waiting() -> AsyncIterator[int]:
        await asyncio.sleep(0)
        yield 1

    generator = waiting()
    step = generator.asend(None)  # type: ignore[attr-defined]
    step.send(None)
    make, arguments, values, _, _, load = frames.reduce_generator(generator, {})
    second: Any = make(*arguments)  # type: ignore[operator]
    load(second, values)  # type: ignore[operator]
    drive, arguments = frames.reduce_awaitable(step, {})
    driver: Any = drive(second)  # type: ignore[operator]
    frames.finish_restore()
    with pytest.raises(StopIteration) as ended:
        driver.send(None)
    assert ended.value.value == 1


def test_a_suspended_coroutine_and_its_wrapper() -> None:
    async def job() -> int:
        await asyncio.sleep(0)
        return 7

    first = job()
    first.send(None)
    second = copy(first)
    wrapper = second.__await__()
    make, arguments = frames.reduce_awaitable(wrapper, {})
    assert type(make(*arguments)) is type(wrapper)  # type: ignore[operator]
    with pytest.raises(StopIteration) as stopped:
        second.send(None)
    assert stopped.value.value == 7
    first.close()


def test_one_that_runs_elsewhere_is_refused() -> None:
    def running() -> Iterator[object]:
        try:
            frames.reduce_generator(generator, {})
        except FrameRefused as refused:
            yield str(refused)

    generator = running()
    sentence = str(next(generator))
    assert "it is running, but not in the cell that moves" in sentence
    assert "running" in sentence


def test_an_abandoned_restore_keeps_nothing() -> None:
    generator = count(3)
    next(generator)
    make, arguments, values, _, _, load = frames.reduce_generator(generator, {})
    made = make(*arguments)  # type: ignore[operator]
    load(made, values)  # type: ignore[operator]
    assert priming._unprimed
    frames.abandon_restore()
    assert not priming._unprimed
    made.close()


def test_a_restored_generator_dies_with_its_last_reference() -> None:
    generator = count(3)
    next(generator)
    second = copy(generator)
    reference = weakref.ref(second)
    gc.disable()
    try:
        del second
        assert reference() is None
    finally:
        gc.enable()
