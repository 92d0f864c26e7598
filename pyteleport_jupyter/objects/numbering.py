"""Objects that two sides have, each under the number that the memo of one pickle gave it on both.

What is pickled on the way back begins with that memo: whatever the other side has already is one number in
the stream, and becomes the very object there. Numbers are dense, because both sides count their memo by its
size.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_ENTRY = struct.Struct("<ci3s")
_END = b"N."
_PROTOCOL = b"\x80\x05"


class Forgotten:
    """Holds the number of an object that is to be pickled as if the other side did not have it."""


@dataclass
class Numbering:
    """``objects`` stand under their index. :func:`~.pickler.dump` and :func:`~.unpickler.load` begin with
    them and add what was new.
    """

    objects: list[Any] = field(default_factory=list)

    def forget(self, known: Iterable[int]) -> None:
        """Let those objects, given by their ``id``, be unknown."""
        ids = set(known)
        self.objects = [Forgotten() if id(each) in ids else each for each in self.objects]

    def pickler_memo(self) -> dict[int, tuple[int, Any]]:
        """The memo as a pickler holds it. An object that has two numbers is written under the first."""
        memo: dict[int, tuple[int, Any]] = {}
        for number, each in enumerate(self.objects):
            holder = each if id(each) not in memo else Forgotten()
            memo[id(holder)] = (number, holder)
        return memo

    def opening(self) -> bytes:
        """A pickle that fills the memo of an unpickler whose ``persistent_load`` takes numbers.

        A C unpickler cannot be given a memo: its setter writes into the old one (``_Unpickler_MemoPut`` in
        Modules/_pickle.c). Opcodes: BININT n, BINPERSID, MEMOIZE, POP.
        """
        entries = (_ENTRY.pack(b"J", number, b"Q\x940") for number in range(len(self.objects)))
        return b"".join((_PROTOCOL, *entries, _END))

    def take_pickled(self, memo: Mapping[int, tuple[int, Any]]) -> None:
        """Hold what a pickler's memo held in the end."""
        self.objects = [each for _, each in sorted(memo.values(), key=lambda entry: entry[0])]

    def take_unpickled(self, memo: Mapping[int, Any]) -> None:
        """Hold what an unpickler's memo held in the end."""
        self.objects = [memo[number] for number in range(len(memo))]
