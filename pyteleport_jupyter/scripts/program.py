"""Which program runs here, and between which frames of its stack the user's code lies."""

from __future__ import annotations

import ast
import os
import sys
import threading
from dataclasses import dataclass
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType
from typing import Any

from pyteleport_jupyter.errors import NotInProgram

PACKAGE = __name__.partition(".")[0]

GROUND = frozenset({"runpy", "code", "codeop"})
"""Modules whose frames may lie under the program: they do nothing that counts when it returns to them."""

BOOTED = "__teleported__"
"""Name in the globals of the code that a teleported program is started by: what is still to be run on that
ground, as pairs of code and namespace (see :data:`..remote.package_finder.PROGRAM_BOOT`).
"""

PROMPT_PACKAGE = "_pyrepl"


@dataclass(frozen=True)
class RunningProgram:
    """The program that called us; holds live frames, so it must not outlive the capture.

    ``rest``: what is to be run after the root frame, because it was typed on the same line at the prompt.
    ``prompts``: a prompt comes when the code that runs now has ended (the interpreter's prompt, ``python
    -i``); ``flagged``: because ``-i`` was given.
    """

    top: FrameType
    root: FrameType
    rest: tuple[CodeType, ...]
    prompts: bool
    flagged: bool
    at_instruction: bool = False
    """Whether ``top`` called nobody, but was stopped before an instruction."""


def main_namespace() -> dict[str, Any]:
    """The variables of the program."""
    return vars(sys.modules["__main__"])


def find_program(caller: FrameType) -> RunningProgram:
    """The program from which we are called; frames of this package are skipped.

    Raises NotInProgram where there is code around it that could not go on elsewhere.
    """
    if threading.current_thread() is not threading.main_thread():
        raise NotInProgram(reason=f"it was called in the thread {threading.current_thread().name}")
    top = _outside_us(caller)
    root = _root(top)
    flagged = bool(sys.flags.interactive)
    prompts = flagged or (hasattr(sys, "ps1") and _is_prompt_input(root))
    if prompts and not os.isatty(0):
        raise NotInProgram(reason="the prompt reads its lines from a pipe or file, and has read ahead")
    return RunningProgram(top, root, _rest_of_line(root.f_back), prompts, flagged)


def _outside_us(frame: FrameType | None) -> FrameType:
    while (
        frame is not None and _module(frame).partition(".")[0] == PACKAGE and "TRAVELS" not in frame.f_globals
    ):
        frame = frame.f_back
    if frame is None:
        raise NotInProgram(reason="nothing of a program is running")
    return frame


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _root(top: FrameType) -> FrameType:
    """The outermost frame of the program: module-level code of ``__main__``."""
    namespace, root = main_namespace(), None
    frame: FrameType | None = top
    while frame is not None:
        if frame.f_globals is namespace and not (frame.f_code.co_flags & CO_OPTIMIZED or _is_ground(frame)):
            root = frame
        frame = frame.f_back
    if root is None:
        raise NotInProgram(reason="it was called in a callback, when the program itself was not running")
    _check_ground(root.f_back)
    return root


def _check_ground(frame: FrameType | None) -> None:
    """Refuse what lies under the program and has more to do when it ends: a debugger, a profiler, a test
    runner.
    """
    while frame is not None:
        if not (_is_ground(frame) or BOOTED in frame.f_globals):
            raise NotInProgram(reason=f"{_module(frame)} runs it, and would have to go on after it")
        frame = frame.f_back


def _is_ground(frame: FrameType) -> bool:
    """Some of the prompt's frames have ``__main__`` for their globals (3.13), so its folder tells it."""
    folder = os.path.basename(os.path.dirname(frame.f_code.co_filename))
    return _module(frame) in GROUND or folder == PROMPT_PACKAGE


def _rest_of_line(frame: FrameType | None) -> tuple[CodeType, ...]:
    """The statements behind the running one, where the prompt runs one after the other.

    From 3.13 on the prompt is a Python program (``_pyrepl.console``, ``runsource``) that compiles each
    statement of a line apart; what is left for a program that has moved before is with its ground.
    """
    while frame is not None:
        if BOOTED in frame.f_globals:
            return tuple(code for code, _ in frame.f_globals[BOOTED])
        if _module(frame) == "_pyrepl.console" and frame.f_code.co_name == "runsource":
            names = frame.f_locals
            statements = names["tree"].body
            following = statements[statements.index(names["stmt"]) + 1 :]
            return tuple(_compiled(each, each is statements[-1], names["filename"]) for each in following)
        frame = frame.f_back
    return ()


def _compiled(statement: ast.stmt, is_last: bool, file_name: str) -> CodeType:
    tree: ast.AST = ast.Interactive([statement]) if is_last else ast.Module([statement], [])
    code: CodeType = compile(tree, file_name, "single" if is_last else "exec", dont_inherit=True)  # type: ignore[call-overload]
    return code


def _is_prompt_input(root: FrameType) -> bool:
    """Whether the root is a line typed at the prompt, not a script: "<stdin>", from 3.13 on "<stdin>-0" or
    "<python-input-0>", of late "<stdin-0>" (3.14).
    """
    return root.f_code.co_filename.startswith(("<stdin", "<python-input-"))
