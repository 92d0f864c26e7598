"""The static flow agrees with the interpreter, and with all code of a part of the standard library."""

from __future__ import annotations

import dis
import importlib.util
from collections.abc import Iterator
from types import CodeType

import pytest

from pyteleport_jupyter.frames.flow import HANDLER, LASTI, flow_of, handlers_of, instructions_of
from pyteleport_jupyter.frames.layout import RawFrame, local_names

MODULES = (
    "argparse",
    "ast",
    "asyncio.base_events",
    "asyncio.tasks",
    "asyncio.streams",
    "contextlib",
    "dataclasses",
    "difflib",
    "enum",
    "functools",
    "inspect",
    "logging",
    "multiprocessing.pool",
    "pathlib",
    "pickle",
    "shutil",
    "statistics",
    "subprocess",
    "tarfile",
    "threading",
    "traceback",
    "typing",
    "unittest.mock",
    "zipfile",
)


def codes_in(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


def code_of_module(name: str) -> CodeType:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        pytest.skip(f"{name} is not installed")
    code: CodeType = spec.loader.get_code(name)  # type: ignore[attr-defined]
    return code


@pytest.mark.parametrize("name", MODULES)
def test_standard_library_has_one_depth_for_each_instruction(name: str) -> None:
    for code in codes_in(code_of_module(name)):
        flow = flow_of(code)
        deepest = max(map(len, (*flow.before.values(), *flow.after.values())), default=0)
        assert not flow.conflicts, code
        assert deepest <= code.co_stacksize, code


@pytest.mark.parametrize("name", ["contextlib", "typing", "asyncio.tasks"])
def test_decoding_agrees_with_dis(name: str) -> None:
    for code in codes_in(code_of_module(name)):
        ours = [(each.offset, each.name, each.argument) for each in instructions_of(code.co_code)]
        theirs = [
            (each.offset, each.opname, each.arg or 0)
            for each in dis.get_instructions(code)
            if each.opname not in ("CACHE", "EXTENDED_ARG")
        ]
        with_arguments = [each for each in ours if each[1] in {name for _, name, _ in theirs}]
        assert [each[:2] for each in with_arguments] == [each[:2] for each in theirs]
        parsed = dis._parse_exception_table(code)  # type: ignore[attr-defined]
        expected = [(each.start, each.end, each.target, each.depth, each.lasti) for each in parsed]
        assert [tuple(each) for each in handlers_of(code.co_exceptiontable)] == expected


def suspended(kind: str) -> Iterator[object]:
    """Yields in stacks of several depths."""
    if kind == "expression":
        yield [1, 2, (yield 3), *(4, 5)]
    elif kind == "loop":
        for _ in range(3):
            for _ in "ab":
                yield 1
    elif kind == "with":
        import contextlib

        with contextlib.nullcontext(), contextlib.nullcontext():
            yield 1
    elif kind == "handler":
        try:
            raise KeyError
        except KeyError:
            try:
                raise ValueError
            except ValueError:
                yield 1
    elif kind == "finally":
        try:
            raise KeyError
        finally:
            yield 1


@pytest.mark.parametrize("kind", ["expression", "loop", "with", "handler", "finally"])
def test_static_depth_is_the_depth_that_the_interpreter_saved(kind: str) -> None:
    generator = suspended(kind)
    next(generator)
    frame = generator.gi_frame  # type: ignore[attr-defined]
    flow = flow_of(frame.f_code)
    stack = flow.after[flow.index_at(frame.f_lasti)][:-1]
    assert RawFrame.of(frame).saved_depth == len(local_names(frame.f_code)) + len(stack)
    if kind == "handler":
        assert stack.count(HANDLER) == 2
    if kind == "finally":
        assert LASTI in stack or stack.count(HANDLER) == 1
    try:
        generator.close()  # type: ignore[attr-defined]
    except (KeyError, ValueError):
        pass


def test_an_offset_outside_the_code_is_an_error() -> None:
    with pytest.raises(ValueError, match="no instruction"):
        flow_of(code_of_module("types")).index_at(10**6)
