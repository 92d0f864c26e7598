"""Exceptions with all that hangs on them, and tracebacks that show the right lines."""

from __future__ import annotations

import opcode
import pickle
from types import CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType, TracebackType
from typing import Any
from weakref import WeakKeyDictionary

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import reduces

OF_EVERY_EXCEPTION = frozenset(vars(BaseException))
"""Attributes that :func:`set_exception` treats by themselves."""


@reduces(BaseException, subclasses=True)
def reduce_exception(error: BaseException, reduction: Reduction) -> Any:
    """Rebuilt without calling ``__init__`` of the user's class, whose parameters nobody knows."""
    extras = (error.__traceback__, error.__cause__, error.__context__, error.__suppress_context__)
    kind = type(error)
    if _reduces_itself(kind):
        reduced: Any = error.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        function, args, *rest = reduced
        state = {**(rest[0] if rest and isinstance(rest[0], dict) else {}), **error.__dict__}
        return function, args, (state, {}, extras), None, None, set_exception
    state = dict(error.__dict__)
    return make_exception, (kind, error.args), (state, _members(error), extras), None, None, set_exception


def _reduces_itself(kind: type[BaseException]) -> bool:
    """Whether a class written in Python says how its instances are pickled."""
    return any(isinstance(getattr(kind, name), FunctionType) for name in ("__reduce__", "__reduce_ex__"))


def _members(error: BaseException) -> dict[str, Any]:
    """What C keeps outside ``__dict__`` (``StopIteration.value``, ``OSError.filename``), and slots."""
    found = {}
    for kind in type(error).__mro__:
        for name, descriptor in vars(kind).items():
            is_member = isinstance(descriptor, MemberDescriptorType | GetSetDescriptorType)
            if is_member and name not in OF_EVERY_EXCEPTION and name not in ("__dict__", "__weakref__"):
                found[name] = getattr(error, name, None)
    return {name: value for name, value in found.items() if value is not None}


def make_exception(kind: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    """An exception made by the C code of its built-in base alone."""
    base = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    try:
        error: BaseException = base.__new__(kind, *args)
        vars(base).get("__init__", BaseException.__init__)(error, *args)
    except TypeError:
        # UnicodeError and groups insist on arguments of their own; ``args`` may hold others by now.
        error = BaseException.__new__(kind, *args)
    error.args = args
    return error


def set_exception(
    error: BaseException, state: tuple[dict[str, Any], dict[str, Any], tuple[Any, ...]]
) -> None:
    """Set attributes, members of C classes, and the chain of exceptions."""
    attributes, members, (traceback, cause, context, is_suppressed) = state
    error.__dict__.update(attributes)
    for name, value in members.items():
        try:
            setattr(error, name, value)
        except (AttributeError, TypeError):  # read-only: it was given to ``__new__``
            continue
    error.__traceback__, error.__cause__, error.__context__ = traceback, cause, context
    error.__suppress_context__ = is_suppressed


@reduces(TracebackType)
def reduce_traceback(traceback: TracebackType, reduction: Reduction) -> Any:
    """The code objects with their instructions; the local variables of the finished frames stay behind."""
    entries = []
    entry: TracebackType | None = traceback
    while entry is not None:
        code, instruction = _original(entry.tb_frame.f_code, entry.tb_lasti)
        content = entry.tb_frame.f_globals
        shown: Any = content if content is reduction.namespace else {"__name__": content.get("__name__")}
        entries.append((code, instruction, entry.tb_lineno, shown))
        entry = entry.tb_next
    return make_traceback, (entries,)


def _original(code: CodeType, instruction: int) -> tuple[CodeType, int]:
    """The code as the compiler made it and the instruction in it, for code that we generated."""
    from pyteleport_jupyter import frames

    if code in _raising:
        return _raising[code], instruction
    original = frames.original_code(code)
    shift = len(code.co_code) - len(original.co_code)
    if instruction >= shift:
        return original, instruction - shift
    # Raised in the frame called from the prologue: its call has the position of the one it stands for.
    position = list(code.co_positions())[instruction // 2]
    positions = list(original.co_positions())
    return original, 2 * positions.index(position) if position in positions else -1


def make_traceback(entries: list[tuple[CodeType, int, int, dict[str, Any]]]) -> TracebackType | None:
    """A chain of entries with frames that ran nothing but a ``raise``."""
    made: TracebackType | None = None
    for code, instruction, line, content in reversed(entries):
        frame = _raised_in(_raising_code(code), content)
        made = TracebackType(made, frame, instruction, line)
    return made


def _raised_in(code: CodeType, content: dict[str, Any]) -> Any:
    try:
        eval(code, content)
    except Exception as error:
        entry = error.__traceback__
        return entry.tb_next.tb_frame if entry and entry.tb_next else None
    return None


_raising: WeakKeyDictionary[CodeType, CodeType] = WeakKeyDictionary()
"""Code made by :func:`_raising_code` -> what it was made from."""

NO_LOCATION = 0x80 | (15 << 3)
"""Head of a line table entry without a line, for 1 code unit (Objects/locations.md); add further units."""


def _raising_code(code: CodeType) -> CodeType:
    """``code`` with a jump at its start to an appended ``raise``: names, positions and nearly all bytes stay.

    Tools that explain tracebacks look at the instruction that raised and at the table of positions, which
    stand where they stood.
    """
    tail = _units("RESUME", 0) + _raise_something()
    jump = _units("JUMP_FORWARD", 0)
    distance = (len(code.co_code) - len(jump)) // 2
    jump = _units("JUMP_FORWARD", distance)
    jump = _units("JUMP_FORWARD", (len(code.co_code) - len(jump)) // 2)
    body = jump + code.co_code[len(jump) :]
    flags = code.co_flags & ~(0x20 | 0x80 | 0x200)  # a generator would only be made, not run
    made = code.replace(
        co_code=body + tail,
        co_flags=flags,
        co_exceptiontable=b"",
        co_linetable=code.co_linetable + bytes([NO_LOCATION | (len(tail) // 2 - 1)]),
        co_stacksize=max(code.co_stacksize, 2),
    )
    _raising[made] = code
    return made


def _raise_something() -> bytes:
    load = "LOAD_ASSERTION_ERROR" if "LOAD_ASSERTION_ERROR" in opcode.opmap else "LOAD_COMMON_CONSTANT"
    return _units(load, 0) + _units("RAISE_VARARGS", 1)


def _units(name: str, argument: int) -> bytes:
    """One instruction with its extended arguments."""
    high = argument >> 8
    prefix = _units("EXTENDED_ARG", high) if high else b""
    return prefix + bytes([opcode.opmap[name], argument & 0xFF])
