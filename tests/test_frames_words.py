"""Frames and functions in the words of messages."""

from __future__ import annotations

import functools
import sys

from frames_in_place import refusal_of, stack_of

from pyteleport_jupyter.frames import describe
from pyteleport_jupyter.frames.words import name_of


def test_a_function_has_its_name_and_line() -> None:
    frame = sys._getframe()
    assert describe(frame) == f"{frame.f_code.co_name} (line {frame.f_lineno} of test_frames_words.py)"


def test_a_place_can_have_a_name() -> None:
    frame = sys._getframe()
    assert describe(frame, lambda filename: "cell 3").endswith("of cell 3)")


def test_module_level_code_is_just_a_line() -> None:
    stack = stack_of("\n\nteleport()")
    assert describe(stack.frames[0]) == "line 3 of program.py"


def test_a_refusal_names_the_lines_of_both() -> None:
    sentence = refusal_of("def f(x):\n    return teleport()\n\nsorted([1], key=f)")
    assert sentence.startswith(
        "f (line 2 of program.py) cannot be moved: it was called by line 4 of program.py"
    )


def test_callables_are_named_as_the_user_would() -> None:
    assert name_of(sorted) == "sorted"
    assert name_of(functools.reduce).endswith("functools.reduce")
    assert name_of([].sort) == "list.sort"
    assert name_of(functools.partial(int)) == "functools.partial"
