"""Raw reads of frames agree with what Python itself says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType

import pytest

from pyteleport_jupyter.frames import dialect, layout
from pyteleport_jupyter.frames.boundary import contents
from pyteleport_jupyter.frames.layout import NULL, RawFrame


def test_every_supported_minor_has_a_row() -> None:
    assert {(3, 11), (3, 12), (3, 13), (3, 14)} == set(layout.LAYOUTS) == set(dialect.DIALECTS)
    assert layout.LAYOUTS[layout.MINOR] is layout.HERE


def test_reads_locals_cells_and_free_variables_by_identity() -> None:
    free = object()

    def probe(argument: object) -> tuple[RawFrame, list[object], FrameType]:
        cell = object()
        raw, frame = RawFrame.of(sys._getframe()), sys._getframe()
        assert (lambda: (cell, free))() == (cell, free)
        values = [contents(raw.slot(i)) for i in range(len(layout.local_names(frame.f_code)))]
        found = dict(zip(layout.local_names(frame.f_code), values, strict=True))
        assert found["argument"] is argument
        assert found["cell"] is cell
        assert found["free"] is free
        if argument is None:
            never = 1
            del never
        return raw, values, frame

    probe(object())


def test_a_slot_that_was_never_bound_reads_as_null() -> None:
    def probe(flag: bool) -> object:
        if flag:
            unbound = 1
            del unbound
        return RawFrame.of(sys._getframe()).slot(1)

    assert probe(False) is NULL


def test_namespace_of_module_level_code_is_the_very_object() -> None:
    names: dict[str, object] = {"sys": sys, "RawFrame": RawFrame}
    exec("found = RawFrame.of(sys._getframe()).locals", names)
    assert names["found"] is names


def test_owner_and_generator_of_a_running_generator() -> None:
    def probe() -> Iterator[object]:
        raw = RawFrame.of(sys._getframe())
        yield raw.owner, raw.generator

    generator = probe()
    assert next(generator) == (layout.OWNED_BY_GENERATOR, generator)
    assert RawFrame.of(sys._getframe()).generator is None


def test_exceptions_are_kept_for_each_generator_and_below_it() -> None:
    def probe() -> Iterator[object]:
        try:
            raise KeyError("own")
        except KeyError as error:
            yield error, layout.generator_exception(generator), layout.exception_below([generator])

    generator = probe()
    try:
        raise ValueError("below")
    except ValueError as below:
        own, read, read_below = next(generator)  # type: ignore[misc]
        assert read is own
        assert read_below is below


def test_null_pickles_by_name() -> None:
    import pickle

    assert pickle.loads(pickle.dumps(NULL)) is NULL
    assert repr(NULL) == "NULL"


@pytest.mark.parametrize(
    "source", ["def f(a, /, b, *c, d=1, **e): pass", "def f(): pass", "def f(*a, b): pass"]
)
def test_argument_count_is_what_a_call_fills(source: str) -> None:
    names: dict[str, object] = {}
    exec(source, names)
    code = names["f"].__code__  # type: ignore[attr-defined]
    assert layout.argument_count(code) == len(code.co_varnames)
