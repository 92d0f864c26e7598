"""Which variable it was whose object could not be rebuilt: found in the stream, by reading it once more.

Nothing is rebuilt for that, and no code of the user runs a second time. The stream is read as a text about
objects: which holds which, and under what name. The unpickler's memo tells how far it came, because it grows
by one object at a time; what it did next is what failed.
"""

from __future__ import annotations

import io
import pickletools
import time
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from pyteleport_jupyter.objects.inside import INSIDE, Path, Step

READING_SECONDS = 5.0
"""After so long an error is told without a name."""
MOST_OPERATIONS = 2_000_000

_SILENT = ("PROTO", "FRAME", "READONLY_BUFFER")
_CALLS = ("REDUCE", "NEWOBJ", "NEWOBJ_EX")
_FILLS = ("SETITEM", "SETITEMS", "ADDITEMS", "APPEND", "APPENDS")
_OF_METHOD = {
    "__setstate__": ("BUILD",),
    "__hash__": _FILLS,
    "__eq__": _FILLS,
    "find_class": ("STACK_GLOBAL",),
}
"""What the unpickler was doing when it called these."""
_MARK = object()


@dataclass(eq=False, slots=True)
class _Thing:
    """An object as the stream tells of it: ``text`` is its repr, or its class, or its own name."""

    text: str = ""
    parts: list[tuple[str, _Thing]] = field(default_factory=list)


def find_culprit(stream: bytes | bytearray | memoryview, memoized: int, error: BaseException) -> str | None:
    """``data['deep'][1].s (Fragile)``: path and type of what could not be rebuilt; None if nobody can tell.

    ``memoized`` is the length of the unpickler's memo after ``error``.
    """
    reader = _read(stream, {memoized})
    if reader is None:
        return None
    method, owner = _failed_in(error.__traceback__)
    culprit = _choose(reader.suspects[memoized], _OF_METHOD.get(method, _CALLS))
    if culprit is None:
        return None
    path = _find(culprit, reader.records)
    kind = owner if method == "__setstate__" else culprit.text
    if path is None or method == "find_class":
        # What has no definition there is named beside; the variable is what needs it.
        return path and path.removesuffix(INSIDE)
    if path.endswith(INSIDE):
        return f"{path.removesuffix(INSIDE)} (inside: {kind})" if kind else path
    return f"{path} ({kind})" if kind and kind != path else path


def find_paths(stream: bytes | bytearray | memoryview, memoized: Collection[int]) -> dict[int, str]:
    """The path of each object that was made when the unpickler's memo had one of these lengths, by that; as
    far as anybody can tell.
    """
    reader = _read(stream, memoized)
    if reader is None:
        return {}
    made = {count: _choose(found, _CALLS) for count, found in reader.suspects.items()}
    paths = {count: _find(thing, reader.records) for count, thing in made.items() if thing is not None}
    return {count: path for count, path in paths.items() if path is not None}


def _read(stream: bytes | bytearray | memoryview, memoized: Collection[int]) -> _Reader | None:
    reader = _Reader(memoized)
    try:
        reader.read(io.BytesIO(stream))
    except (ValueError, IndexError, EOFError):
        return None
    return reader


class _Reader:
    """A stack machine as pickle's own, on which things stand instead of objects."""

    def __init__(self, memoized: Collection[int]) -> None:
        self.records: list[_Thing] = []
        self.suspects: dict[int, list[tuple[str, _Thing]]] = {count: [] for count in memoized}
        self._memo: list[_Thing] = []
        self._stack: list[Any] = []

    def read(self, file: io.BytesIO) -> None:
        """All records. Raises ValueError if there are too many, or if they are cut."""
        deadline = time.monotonic() + READING_SECONDS
        count, end = 0, len(file.getbuffer())
        while file.tell() < end:
            for operation, argument, _ in pickletools.genops(file):
                count += 1
                if count > MOST_OPERATIONS or (count % 1000 == 0 and time.monotonic() > deadline):
                    raise ValueError("this would take too long")
                self._follow(operation, argument)

    def _follow(self, operation: pickletools.OpcodeInfo, argument: Any) -> None:
        name = operation.name
        if name in _SILENT:
            return
        if name == "MEMOIZE":
            self._memo.append(self._stack[-1])
        elif name == "MARK":
            self._stack.append(_MARK)
        elif name in ("BINGET", "LONG_BINGET"):
            self._stack.append(self._memo[argument])
        elif not operation.stack_before:
            self._stack.append(_Thing("" if argument is None else repr(argument)[:200]))
        else:
            operands, items = self._take(operation)
            made = self._make(name, operands, items)
            if len(self._memo) in self.suspects and name in (*_CALLS, *_FILLS, "BUILD", "STACK_GLOBAL"):
                self.suspects[len(self._memo)].append((name, made))
            self._stack.extend([made] * len(operation.stack_after))

    def _take(self, operation: pickletools.OpcodeInfo) -> tuple[list[_Thing], list[_Thing]]:
        """What the operation takes from the stack: its operands, and the items since the mark."""
        items: list[_Thing] = []
        count = len(operation.stack_before)
        if pickletools.stackslice in operation.stack_before:
            while (item := self._stack.pop()) is not _MARK:
                items.append(item)
            count -= 2
        operands = [self._stack.pop() for _ in range(count)]
        return operands[::-1], items[::-1]

    def _make(self, name: str, operands: list[_Thing], items: list[_Thing]) -> _Thing:
        """What the operation leaves on the stack; things learn of their parts."""
        if name in _CALLS:
            return _called(*operands)
        if name == "STACK_GLOBAL":
            names = [part.text.strip("'") for part in operands]
            return _Thing(".".join(names).removeprefix("builtins.").removeprefix("__main__."))
        if name == "BUILD":
            operands[0].parts += _attributes(operands[1])
        elif name in ("SETITEM", "SETITEMS", "DICT"):
            return _with_pairs(operands, items)
        elif name == "STOP":
            self.records += operands
        elif name.startswith(("TUPLE", "LIST", "FROZENSET")):
            return _Thing(parts=_numbered(0, [*operands, *items]))
        elif name in _FILLS:
            target, *one = operands
            step = None if name.startswith("APPEND") else " (an element)"
            target.parts += _numbered(len(target.parts), [*one, *items], step)
        return operands[0] if operands else _Thing()


def _numbered(start: int, items: list[_Thing], step: str | None = None) -> list[tuple[str, _Thing]]:
    return [(step or f"[{number}]", item) for number, item in enumerate(items, start)]


def _with_pairs(operands: list[_Thing], items: list[_Thing]) -> _Thing:
    target, *rest = operands or [_Thing()]
    flat = [*rest, *items]
    for key, value in zip(flat[::2], flat[1::2], strict=True):
        target.parts += [(" (a key)", key), (f"[{key.text or '…'}]", value)]
    return target


def _called(function: _Thing, *arguments: _Thing) -> _Thing:
    """An object made by calling ``function``, which is its class, if it is not one of the notebook's."""
    parts = [(INSIDE, part) for argument in arguments for _, part in argument.parts]
    is_class = function.text and not function.text.startswith(("copyreg.", "pyteleport_jupyter.", "type"))
    return _Thing(function.text if is_class else "", [(INSIDE, function), *parts])


def _attributes(state: _Thing) -> Iterator[tuple[str, _Thing]]:
    """The state of an object: its ``__dict__``, or a tuple of that and its slots, or something of its own."""
    for step, part in state.parts:
        if step.startswith("['") and step.endswith("']"):
            yield f".{step[2:-2]}", part
        elif step.startswith("["):
            yield from _attributes(part)
    yield INSIDE, state


def _failed_in(traceback: TracebackType | None) -> tuple[str, str]:
    """The method that the unpickler has called, where it is one that tells, and the type it belongs to."""
    found = "", ""
    while traceback is not None and not found[0]:
        code = traceback.tb_frame.f_code
        if code.co_name in _OF_METHOD and code.co_varnames:
            found = code.co_name, type(traceback.tb_frame.f_locals.get(code.co_varnames[0])).__qualname__
        traceback = traceback.tb_next
    return found


def _choose(suspects: list[tuple[str, _Thing]], kinds: tuple[str, ...]) -> _Thing | None:
    """Between two objects in the memo several things may be done: one of ``kinds`` it was that failed."""
    of_kind = [thing for kind, thing in suspects if kind in kinds]
    return next(iter(of_kind or [thing for _, thing in suspects]), None)


def _find(culprit: _Thing, records: list[_Thing]) -> str | None:
    """The shortest way to ``culprit`` from a variable, else from what runs or belongs to the shell."""
    seen: set[int] = set()
    queue = deque(_starts(records))
    while queue:
        thing, path = queue.popleft()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if thing is culprit:
            return str(path)
        vague = path.step.text == INSIDE
        queue.extend((part, path if vague else Path(path, Step(step))) for step, part in thing.parts)
    return None


def _starts(records: list[_Thing]) -> Iterator[tuple[_Thing, Path]]:
    """What is reached by name."""
    found: dict[str, list[tuple[str, _Thing]]] = {"namespace": [], "items": [], "stack": []}
    for kind, content in _contents(records):
        if kind == "root":
            for step, part in content.parts:
                found.setdefault(step[2:-2], []).extend(part.parts)
        elif kind == "definitions":
            found["namespace"] += content.parts
        elif kind != "ballast":
            _fill(content, is_dict=kind in ("modules", "globals"))
    named = [(step[2:-2], part) for step, part in found["namespace"] if step.startswith("['")]
    for name, part in sorted(named, key=lambda pair: pair[0].startswith("_")):
        yield part, Path(None, Step(name))
    for words, kind in (("the running code", "stack"), ("the state of the shell", "items")):
        for _, part in found[kind]:
            yield part, Path(None, Step(words, named=False))


def _contents(records: list[_Thing]) -> Iterator[tuple[str, _Thing]]:
    for record in records:
        if len(record.parts) == 2 and record.parts[0][1].text:
            yield record.parts[0][1].text.strip("'"), record.parts[1][1]


def _fill(record: _Thing, *, is_dict: bool) -> None:
    """Cells, modules and globals are written empty; this is the record with what belongs into them."""
    for _, filled in record.parts:
        (_, empty), (_, inside), *_ = filled.parts
        empty.parts += inside.parts if is_dict else [("", inside)]
