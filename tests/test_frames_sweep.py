"""All of the standard library: its stacks are found without running it, and morphs of it have sound tables.

A sample, by a seed that a failure shows, in every run; all of it if TELEPORT_NIGHTLY is set.
"""

from __future__ import annotations

import dis
import itertools
import os
import random
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

from pyteleport_jupyter.frames.dialect import SPOKEN
from pyteleport_jupyter.frames.flow import LASTI, UNIT, Flow, flow_of
from pyteleport_jupyter.frames.here import action_here
from pyteleport_jupyter.frames.layout import GENERATOR_FLAGS, argument_count, local_names
from pyteleport_jupyter.frames.morph import build_morph
from pyteleport_jupyter.frames.registry import record_of
from pyteleport_jupyter.frames.slots import position_at
from pyteleport_jupyter.frames.snapshot import Action, Kind, Shape

SEED = int(os.environ.get("TELEPORT_SEED") or random.randrange(10**6))
SAMPLE = 12
"""Files of a sample."""
LIBRARY = Path(sysconfig.get_path("stdlib"))
LEFT_OUT = {"site-packages", "dist-packages", "lib2to3", "test", "tests", "__pycache__"}
FILES = sorted(path for path in LIBRARY.rglob("*.py") if not LEFT_OUT & set(path.relative_to(LIBRARY).parts))
FEWEST_CODES = 5000
"""Code objects that the whole library has at least."""


def codes_of(paths: list[Path]) -> Iterator[CodeType]:
    for path in paths:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            code = compile(path.read_bytes(), str(path.relative_to(LIBRARY)), "exec", dont_inherit=True)
        yield from codes_in(code)


def codes_in(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


def check_flow(code: CodeType) -> None:
    flow = flow_of(code)
    assert not flow.conflicts, code
    assert deepest(flow) <= code.co_stacksize, code


def deepest(flow: Flow) -> int:
    return max(map(len, (*flow.before.values(), *flow.after.values())), default=0)


def actions_of(code: CodeType, chance: random.Random) -> Iterator[Action]:
    """Up to one of each kind: in a call, before an instruction, waiting at a yield, in a ``__next__``."""
    flow, found = flow_of(code), {}
    for index in chance.sample(sorted(flow.after), len(flow.after)):
        instruction, after = flow.instructions[index], flow.after[index]
        common = (instruction.name, instruction.offset, instruction.end)
        if instruction.name in ("CALL", "CALL_FUNCTION_EX"):
            found[Kind.RESULT] = Action(Kind.RESULT, *common, after[:-1])
        elif instruction.name == "FOR_ITER":
            loop_exit = (instruction.target or 0) + UNIT * SPOKEN.loop_exit_units
            found[Kind.NEXT_ITEM] = Action(Kind.NEXT_ITEM, *common, flow.before[index], exit=loop_exit)
        elif instruction.name == "YIELD_VALUE":
            resume = flow.instructions[index + 1]
            common = (instruction.name, instruction.offset, resume.end)
            arguments = {"yielded": instruction.argument, "resumed": resume.argument}
            found[Kind.SUSPENDED] = Action(Kind.SUSPENDED, *common, after[:-1], **arguments)  # type: ignore
        elif (here := action_here(flow, instruction.offset)) is not None:
            found[Kind.HERE] = here
    yield from found.values()


def shape_of(code: CodeType, action: Action, chance: random.Random) -> Shape:
    flow, slots = flow_of(code), range(len(local_names(code)))
    bound = tuple(slot for slot in slots if chance.random() < 0.8)
    units = [flow.instructions[index].offset // UNIT for index in flow.before]
    lasti = tuple(chance.choice(units) for _ in range(action.stack.count(LASTI)))
    deleted = tuple(slot for slot in range(argument_count(code)) if slot not in bound)
    return Shape(bound, deleted, action.stack, lasti)


def check_morph(code: CodeType, action: Action, shape: Shape) -> None:
    morph = build_morph(code, shape, action, position_at(code, action.offset))
    record = record_of(morph)
    assert record is not None
    length = record.length
    assert morph.co_code[length:] == code.co_code
    parsed = list(dis.get_instructions(morph))
    assert sum(each.opname == "CACHE" for each in parsed) == 0
    assert [*morph.co_positions()][length // UNIT :] == [*code.co_positions()]
    check_handlers(code, morph, length)
    flow = flow_of(morph)
    assert not flow.conflicts
    assert deepest(flow) <= morph.co_stacksize
    target = next(
        index for index, each in enumerate(flow.instructions) if each.start == length + action.target
    )
    assert len(flow.before[target]) == depth_at(code, action)


def check_handlers(code: CodeType, morph: CodeType, length: int) -> None:
    """Sorted and without overlaps, for CPython bisects the table; the original's at the end."""
    entries = dis._parse_exception_table(morph)  # type: ignore[attr-defined]
    originals = dis._parse_exception_table(code)  # type: ignore[attr-defined]
    for before, behind in itertools.pairwise(entries):
        assert before.end <= behind.start
    shifted = [
        (each.start + length, each.end + length, each.target + length, each.depth, each.lasti)
        for each in originals
    ]
    ours = [(each.start, each.end, each.target, each.depth, each.lasti) for each in entries]
    assert ours[len(ours) - len(shifted) :] == shifted
    assert all(each.end <= length for each in entries[: len(entries) - len(shifted)])


def depth_at(code: CodeType, action: Action) -> int:
    flow = flow_of(code)
    index = next(index for index, each in enumerate(flow.instructions) if each.start == action.target)
    return len(flow.before[index])


def check_all(paths: list[Path], chance: random.Random) -> int:
    count = 0
    for code in codes_of(paths):
        count += 1
        check_flow(code)
        for action in actions_of(code, chance):
            try:
                check_morph(code, action, shape_of(code, action, chance))
            except Exception as error:
                raise AssertionError(f"{code}, {action}: {error!r}") from error
    return count


@pytest.mark.parametrize("seed", [SEED], ids=["seed"])
def test_a_sample_of_the_standard_library(seed: int) -> None:
    chance = random.Random(seed)
    assert check_all(chance.sample(FILES, SAMPLE), chance) > SAMPLE


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [SEED], ids=["seed"])
def test_all_of_the_standard_library(seed: int) -> None:
    assert check_all(FILES, random.Random(seed)) > FEWEST_CODES


@pytest.mark.parametrize("source", ["", "# nothing"], ids=["empty", "comment"])
def test_code_on_line_zero(source: str) -> None:
    """Where CPython puts what an empty module does."""
    code = compile(source, "empty.py", "exec")
    behind_resume = flow_of(code).instructions[1].offset
    action = action_here(flow_of(code), behind_resume)
    assert action is not None
    assert position_at(code, behind_resume)[0] == 0
    check_morph(code, action, Shape((), (), "", ()))


def test_generators_are_among_the_morphs() -> None:
    """The sweep would be hollow if it never met one."""
    codes = list(codes_of([LIBRARY / "contextlib.py", LIBRARY / "functools.py"]))
    kinds = {action.kind for code in codes for action in actions_of(code, random.Random(0))}
    assert kinds == {Kind.RESULT, Kind.SUSPENDED, Kind.HERE, Kind.NEXT_ITEM}
    assert any(code.co_flags & GENERATOR_FLAGS for code in codes)
