"""Which instructions begin a line."""

from __future__ import annotations

from types import CodeType, FrameType

from pyteleport_jupyter.frames import original_code, prologue_length


class LineStarts:
    """Remembers where the lines of code objects start, for as long as one request lives."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[CodeType, frozenset[int]]] = {}

    def __contains__(self, frame: FrameType) -> bool:
        """Whether ``frame`` is about to run the first instruction of a line."""
        code = frame.f_code
        known = self._known.get(id(code))
        if known is None:
            known = self._known[id(code)] = (code, _starts(code))
        return frame.f_lasti in known[1]


def _starts(code: CodeType) -> frozenset[int]:
    shift = prologue_length(code)
    starts, before = set(), None
    # One entry for each position (3.11) or for each line (later).
    for start, _, line in original_code(code).co_lines():
        if line is not None and line != before:
            starts.add(start + shift)
        before = line
    return frozenset(starts)
