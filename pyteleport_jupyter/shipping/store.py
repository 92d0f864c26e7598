"""What a process holds of what it has shipped or received, so that it need not be sent again.

Nothing is kept alive for it (but by a keeper), and nothing is believed: buffers are remembered weakly, as
the objects that own them, and digested anew for each offer. What has been changed since is another chunk
then; what has been thrown away is none.
"""

from __future__ import annotations

import mmap
import pickle
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.errors import ProtocolBroken
from pyteleport_jupyter.shipping.cutting import by_content, on_grid
from pyteleport_jupyter.shipping.digests import available, digests, place_of
from pyteleport_jupyter.shipping.fingerprints import Fingerprints, Place
from pyteleport_jupyter.shipping.memory import SMALL
from pyteleport_jupyter.shipping.offer import Name, Offer, parse_offer

STREAM_KEPT = 64 << 20
"""Longest pickle stream that is kept, in bytes: nothing else holds its chunks."""


@dataclass(frozen=True)
class _Known:
    """A live buffer: its owner, all of it as bytes, and its chunks in order."""

    owner: Any
    view: memoryview
    names: list[Name]


class ChunkStore:
    """Of one process, for its whole life; of one thread at a time.

    What must hold: what is taken from here has the digest that was asked for, whatever happened meanwhile.
    Memory that was adopted is nobody's but ours from the answer on.
    """

    def __init__(self, *, alive: bool = False) -> None:
        """``alive``: what is remembered is kept alive, all of it."""
        self._alive = alive
        self._owners: dict[int, Callable[[], Any]] = {}
        self._stream = b""
        self._offer: Offer | None = None
        self._spots: dict[Name, tuple[_Known, int]] = {}
        self._twins: dict[int, _Known] = {}
        self._ahead: tuple[tuple[str, bytes], list[_Known]] | None = None
        self._whole: dict[Place, tuple[bytes, ...]] = {}
        self._whole_under: tuple[str, bytes] | None = None

    def remember(self, parts: Iterable[Any]) -> None:
        """These parts, the pickle stream first, have been shipped or received."""
        stream, *buffers = parts
        self._stream = bytes(stream) if self._alive or len(stream) <= STREAM_KEPT else b""
        for buffer in buffers:
            if memoryview(buffer).nbytes >= SMALL:
                self._watch(buffer.obj if isinstance(buffer, memoryview) else buffer)

    def _watch(self, owner: Any) -> None:
        # By identity: the owners, such as arrays, may compare as they like.
        number, owners = id(owner), self._owners
        if self._alive:
            owners[number] = lambda: owner
            return

        def forget(_: object) -> None:
            owners.pop(number, None)

        try:
            owners[number] = weakref.ref(owner, forget)
        except TypeError:
            return  # A bytes object and its kin cannot be remembered weakly.

    @property
    def held_bytes(self) -> int:
        """Bytes of all that is remembered and still there."""
        return len(self._stream) + sum(view.nbytes for _, view in self._live())

    def _live(self) -> Iterator[tuple[Any, memoryview]]:
        for owner in self._there():
            try:
                # Flat, whatever its shape and order.
                yield owner, pickle.PickleBuffer(owner).raw()
            except (TypeError, ValueError, BufferError):
                continue

    def _there(self) -> list[Any]:
        found = (reference() for reference in list(self._owners.values()))
        return [owner for owner in found if owner is not None]

    # ----------------------------------------------------------- for a receiver

    def digest_ahead(self, algorithm: str, key: bytes) -> None:
        """Of one that keeps everything alive, whose memory nobody changes: offers on these terms are answered
        at once.
        """
        self._ahead = (algorithm, key), self._digested(algorithm, key)

    def answer(self, offer: bytes, adopt: bool = False) -> bytes:
        """Which chunks of :meth:`.offer.Offer.encode` are here, for :class:`.blocks.Consignment`; empty if
        none.

        With ``adopt`` buffers that were received before, and over which no object lives any more, become
        those of the same content, and are changed in place, without a copy: whoever kept such a buffer must
        not go on with it. Raises ProtocolBroken.
        """
        asked = parse_offer(offer)
        self.forget_offer()
        if asked.algorithm not in available():
            return b""
        free = set(map(id, filter(_is_unused, self._there()))) if adopt else set()
        terms = asked.algorithm, asked.key
        known = self._ahead[1] if self._ahead and self._ahead[0] == terms else self._digested(*terms)
        self._offer = asked
        self._choose_twins([one for one in known if id(one.owner) in free])
        self._note_whole(asked)
        self._find_spots(known)
        answer = bytes(
            self._has(part, at) for part, names in enumerate(asked.names) for at in range(len(names))
        )
        return answer if any(answer) else b""

    def _digested(self, algorithm: str, key: bytes) -> list[_Known]:
        stream = memoryview(self._stream)
        found = [(None, stream, list(by_content(stream)))]
        found += [(owner, view, list(on_grid(view))) for owner, view in self._live()]
        done = iter(digests(algorithm, key, [chunk for _, _, cut in found for chunk in cut]))
        return [
            _Known(owner, view, [(chunk.nbytes, next(done)) for chunk in cut]) for owner, view, cut in found
        ]

    def _choose_twins(self, known: list[_Known]) -> None:
        """For each part the buffer that is most like it, each for one part only."""
        free = list(known)
        offered = self._offer.names if self._offer else ()
        for part, names in enumerate(offered):
            size = sum(length for length, _ in names)
            alike = [(_same(one.names, names), one) for one in free if one.view.nbytes == size and part]
            count, best = max(alike, key=lambda pair: pair[0], default=(0, None))
            if best is not None and count:
                self._twins[part] = best
                free.remove(best)

    def _note_whole(self, asked: Offer) -> None:
        """Which of the twins need no change: what they hold is known, as nobody else has them."""
        self._whole_under = asked.algorithm, asked.key
        same = [twin for part, twin in self._twins.items() if tuple(twin.names) == asked.names[part]]
        self._whole = {_place(twin.view): tuple(digest for _, digest in twin.names) for twin in same}

    def fingerprints(self) -> Fingerprints:
        """What is known of the memory that became parts of the last offer, once, and for comparing it with
        what becomes of it.
        """
        known, self._whole = self._whole, {}
        return Fingerprints(self._whole_under, known)

    def _find_spots(self, known: list[_Known]) -> None:
        """Where to copy from. Not from a twin: it will be changed in place."""
        wanted = {name for names in self._offer.names for name in names} if self._offer else set()
        adopted = {id(twin.owner) for twin in self._twins.values()}
        for one in known:
            start = 0
            for name in one.names:
                if name in wanted and id(one.owner) not in adopted:
                    self._spots.setdefault(name, (one, start))
                start += name[0]

    def _has(self, part: int, at: int) -> bool:
        name = self._offer.names[part][at] if self._offer else None
        if part in self._twins:
            return self._twins[part].names[at] == name
        return name in self._spots

    def twin(self, part: int) -> mmap.mmap | None:
        """The buffer that becomes this part, if one was adopted: what is not sent is in its place there."""
        twin = self._twins.get(part)
        return None if twin is None else twin.owner

    def take(self, name: Name, into: memoryview) -> None:
        """Copy the chunk ``name`` of the last offer ``into`` its place. Raises ProtocolBroken."""
        if name not in self._spots:
            raise ProtocolBroken(reason="it left out a chunk that is not here")
        known, start = self._spots[name]
        into[:] = known.view[start : start + name[0]]
        # Objects live there: somebody may have changed them since the answer.
        if self._offer is None or digests(self._offer.algorithm, self._offer.key, [into]) != [name[1]]:
            raise ProtocolBroken(reason="an object was changed there while the session was on its way")

    def settle(self) -> None:
        """Nothing: all that was taken is in its place."""

    def places(self) -> Iterator[tuple[Name, int]]:
        """The chunks of the last offer that are here, and where they lie as long as their owners live."""
        for name, (known, start) in self._spots.items():
            yield name, place_of(known.view[start : start + name[0]])[0].value or 0

    @property
    def terms(self) -> tuple[str, bytes] | None:
        """Algorithm and key of the last offer."""
        return None if self._offer is None else (self._offer.algorithm, self._offer.key)

    def forget_offer(self) -> None:
        """Let go of what was held for the last offer."""
        self._offer = None
        self._spots.clear()
        self._twins.clear()


def _place(view: memoryview) -> Place:
    return place_of(view)[0].value or 0, view.nbytes


def _is_unused(owner: Any) -> bool:
    """Whether it is memory that was received, without an array or view over it: its size may be changed."""
    if not isinstance(owner, mmap.mmap):
        return False
    try:
        owner.resize(len(owner))
    except Exception:
        return False
    return True


def _same(ours: list[Name], theirs: Iterable[Name]) -> int:
    return sum(one == other for one, other in zip(ours, theirs, strict=False))
