"""Suspended generators on their way back to their yields: each restored one runs its prologue once, and then
waits where it waited."""

from __future__ import annotations

from types import AsyncGeneratorType, CodeType, CoroutineType, GeneratorType
from typing import Any, Final

from .pending import Pending
from .registry import load_values, record_of, values_of
from .snapshot import Kind

PREFIXES: Final[dict[type, str]] = {GeneratorType: "gi_", CoroutineType: "cr_", AsyncGeneratorType: "ag_"}
"""``gi_frame``, ``cr_frame``, ``ag_frame`` and so on."""


def generator_code(generator: object) -> CodeType:
    """The code object of a generator, coroutine or async generator: a morph, if it was restored."""
    code: CodeType = getattr(generator, PREFIXES[type(generator)] + "code")
    return code


_unprimed: dict[int, object] = {}
"""Suspended generators of the restore that is going on, by ``id``. Emptied by its end, so that none is kept
alive."""

_drivers: dict[int, Any] = {}
"""What awaits the next item of an async generator, by ``id`` of the generator; emptied likewise."""


_held_back: list[tuple[object, Any]] = []
"""Generators, with their drivers, that cannot fetch all of their values yet."""


def load_generator(generator: object, values: tuple[object, ...]) -> None:
    """Give a restored generator its values; a suspended one then waits for :func:`finish_restore`."""
    code = generator_code(generator)
    load_values(code, values)
    record = record_of(code)
    if record is not None and record.action.kind is Kind.SUSPENDED:
        _unprimed[id(generator)] = generator


def drive(generator: AsyncGeneratorType[Any, Any], driver: Any) -> None:
    """``driver`` (an ``asend()``) is what was waiting for the generator, if it was suspended in an await."""
    _drivers[id(generator)] = driver


def hold_back(coroutine: object) -> None:
    """Leave a suspended coroutine out of :func:`finish_restore`: whoever resumes it first gets what
    :func:`hand_out` gives it to yield."""
    _unprimed.pop(id(coroutine), None)


def hand_out(coroutine: object, value: object) -> None:
    """Let a coroutine that was held back yield ``value`` when its prologue is done."""
    load_values(generator_code(coroutine), (value,))


def finish_restore() -> None:
    """To be called once all of a pickle is loaded and its cells are filled: bring suspended generators to
    their yields. They fetch their values; no user code runs."""
    waiting, drivers = list(_unprimed.values()), dict(_drivers)
    abandon_restore()
    for generator in waiting:
        driver = drivers.get(id(generator))
        if _fetches_pending(generator):
            _held_back.append((generator, driver))
        else:
            _prime(generator, driver)


def prime_held_back() -> None:
    """Bring those to their yields that had to wait for a :class:`~.pending.Pending` of theirs."""
    for held in [held for held in _held_back if not _fetches_pending(held[0])]:
        _held_back.remove(held)
        _prime(*held)


def _fetches_pending(generator: object) -> bool:
    return any(isinstance(value, Pending) for value in values_of(generator_code(generator)))


def abandon_restore() -> None:
    """To be called instead, if loading failed."""
    _unprimed.clear()
    _drivers.clear()
    _held_back.clear()


def _prime(generator: Any, driver: Any) -> None:
    hand_out(generator, None)
    if not isinstance(generator, AsyncGeneratorType):
        generator.send(None)
        return
    record = record_of(generator_code(generator))
    at_yield = record is not None and record.action.wrapped
    try:
        (generator.asend(None) if at_yield or driver is None else driver).send(None)
    except StopIteration:
        pass  # how a value yielded by an async generator is handed over
