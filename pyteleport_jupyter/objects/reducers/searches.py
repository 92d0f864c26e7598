"""Searches with regular expressions that go on: what `re.finditer` gives, and its loop in a cell.

How far one has come stands in C variables only. It is read from there (nothing is written), and as many
searches are made again there.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from pyteleport_jupyter.frames.layout import object_at, word_at
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

Scanner = type(re.compile("").scanner(""))  # type: ignore[attr-defined]

WORD = 8
PATTERN, BEGINNING, START, STRING, FIRST, LAST, ADVANCES = 2, 4, 5, 7, 18, 19, 21
"""Words from the start of a ``ScannerObject`` with its ``SRE_STATE`` (``Modules/_sre/sre.h``, 3.11 to 3.14).

``ADVANCES`` holds two: whether all must match, and whether the next match must not be empty.
"""

MOST_SEARCHES = 10_000_000
"""So far one may have come."""


class Progress(NamedTuple):
    """Where a scanner goes on, in bytes of its text (None at the end), and whether it must advance."""

    start: int | None
    must_advance: bool


@reduces(Scanner)
def reduce_scanner(scanner: Any, reduction: Reduction) -> Any:
    """What it searches in, and how many searches it has made."""
    if not _is_known():
        raise CannotMove("how far it has come cannot be read in this Python")
    text = object_at(_word(scanner, STRING))
    given = scanner.pattern, text, _word(scanner, FIRST), _word(scanner, LAST)
    for method in ("search", "match"):
        count = _searches(make_scanner(*given, method, 0), method, _progress(scanner))
        if count is not None:
            return make_scanner, (*given, method, count)
    raise CannotMove("the searches that it has made cannot be told from where it is")


def make_scanner(pattern: Any, text: Any, first: int, last: int, method: str, count: int) -> Any:
    """A scanner that has made ``count`` searches."""
    scanner = pattern.scanner(text, first, last)
    for _ in range(count):
        getattr(scanner, method)()
    return scanner


def _searches(fresh: Any, method: str, wanted: Progress) -> int | None:
    """How many it takes to come to ``wanted``; None if none do."""
    search = getattr(fresh, method)
    for count in range(MOST_SEARCHES):
        if _progress(fresh) == wanted:
            return count
        if search() is None:
            return count + 1 if _progress(fresh) == wanted else None
    return None


def _progress(scanner: Any) -> Progress:
    start = _word(scanner, START)
    advances = bool(_word(scanner, ADVANCES) >> 32)
    return Progress(start - _word(scanner, BEGINNING), advances) if start else Progress(None, False)


def _word(scanner: Any, place: int) -> int:
    return word_at(id(scanner) + place * WORD)


@cache
def _is_known() -> bool:
    """Whether a scanner of this Python is laid out as we think."""
    pattern, text = re.compile("b*"), "abcd"
    scanner: Any = pattern.scanner(text, 1, 3)  # type: ignore[attr-defined]
    held = [_word(scanner, place) for place in (PATTERN, STRING, FIRST, LAST)]
    seen = [_progress(scanner)]
    while scanner.search():
        seen.append(_progress(scanner))
    return held == [id(pattern), id(text), 1, 3] and seen == [(1, False), (2, False), (2, True), (3, True)]


@reduces("re.Scanner")
def reduce_lexicon(scanner: Any, reduction: Reduction) -> Any:
    """What it was made of: its pattern has no text."""
    return type(scanner), (scanner.lexicon, scanner.scanner.flags)
