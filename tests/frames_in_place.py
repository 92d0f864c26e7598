"""Capture and resume in one process, for tests of the frames room that need no pickle."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from pyteleport_jupyter import frames
from pyteleport_jupyter.errors import FrameRefused


class Captured(BaseException):
    """Leaves the program with its stack."""

    def __init__(self, stack: frames.Stack) -> None:
        self.stack = stack


def capturer(root_code: Callable[[FrameType], bool], leave: bool = True) -> Callable[..., Any]:
    """A ``teleport`` that captures out to the outermost frame for which ``root_code`` holds, then raises
    Captured (or returns the stack)."""

    def teleport(*ignored: object) -> frames.Stack:
        top = sys._getframe(1)
        stack = frames.capture_stack(top, outermost(top, root_code))
        if leave:
            raise Captured(stack)
        return stack

    return teleport


def outermost(top: FrameType, is_root: Callable[[FrameType], bool]) -> FrameType:
    root, frame = top, top.f_back
    while frame is not None:
        if is_root(frame):
            root = frame
        frame = frame.f_back
    return root


def stack_of(source: str, **names: object) -> frames.Stack:
    """Run module-level source whose ``teleport()`` captures; the stack at the first one."""
    code = compile(source, "program.py", "exec", dont_inherit=True)
    names["teleport"] = capturer(lambda frame: frame.f_code is code)
    try:
        exec(code, names)
    except Captured as captured:
        return captured.stack
    raise AssertionError("teleport was not called")


def refusal_of(source: str, **names: object) -> str:
    """The sentence with which module-level source is refused."""
    try:
        stack_of(source, **names)
    except FrameRefused as refused:
        return str(refused)
    raise AssertionError("it was not refused")
