"""Whose memory an array of numpy looks at, found from what it refers to and who refers to that."""

from __future__ import annotations

import array
import gc
import importlib
import sys
from functools import cache
from typing import Any

STAND_IN = "DummyArray"
"""Class of numpy that stands between an array made by ``as_strided`` and the array it looks at."""

HOLDERS = (bytearray, array.array)
"""What else may have memory that arrays look at, and travels: ``numpy.frombuffer(bytearray(8))``."""


def owner_of(looking: Any) -> Any:
    """The array (or one of ``HOLDERS``) that ``looking`` shares memory with and that is to be written first;
    None if ``looking`` is that itself.

    What nothing refers to but the next in the chain is left out: nobody would miss it.
    """
    if looking.base is None or looking.size == 0:
        return None
    chain = _chain(looking)
    place, alone = len(chain) - 1, _how_many(chain)
    while place and alone[place] and _may_be_left_out(chain, place):
        place -= 1
    owner = chain[place] if place else None
    return None if isinstance(owner, _ndarray()) and axes_of(owner) is None else owner


def _may_be_left_out(chain: list[Any], place: int) -> bool:
    """Whether what looks at ``chain[place]`` can have the memory instead."""
    part, whole = chain[place - 1], chain[place]
    if isinstance(whole, _numpy().memmap) or _size(part) > _size(whole):
        return False
    return place == 1 or axes_of(part) is not None


def address_of(holder: Any) -> int:
    """Where the memory of an array, of storage of torch, or of one of ``HOLDERS``, begins."""
    if isinstance(holder, _ndarray()):
        return int(holder.__array_interface__["data"][0])
    return int(bytes_of(holder).__array_interface__["data"][0])


def flat_of(holder: Any) -> Any:
    """All elements of an array in the order in which they lie; the bytes of anything else."""
    if isinstance(holder, _ndarray()):
        whole = plain(holder)
        return whole.transpose(axes_of(whole)).reshape(-1)
    if type(holder) in HOLDERS:
        return importlib.import_module("numpy").frombuffer(holder, "u1")
    torch: Any = importlib.import_module("torch")
    return torch.empty(0, dtype=torch.uint8).set_(holder).numpy()


def bytes_of(holder: Any) -> Any:
    """All its memory, as an array of bytes."""
    return flat_of(holder).view("u1")


def axes_of(looking: Any) -> tuple[int, ...] | None:
    """The order of axes in which the elements lie one behind the other; None if there are gaps."""
    axes = tuple(sorted(range(looking.ndim), key=lambda axis: -looking.strides[axis]))
    return axes if plain(looking).transpose(axes).flags.c_contiguous else None


def plain(looking: Any) -> Any:
    """As an array of numpy's own class, without asking its class."""
    numpy = _numpy()
    return looking if type(looking) is numpy.ndarray else numpy.ndarray.view(looking, numpy.ndarray)


def is_plain_kind(kind: Any) -> bool:
    """Whether arrays of this class consist of memory and attributes, as far as pickling knows."""
    numpy = _numpy()
    methods = ("__reduce__", "__reduce_ex__", "__setstate__")
    if issubclass(kind, numpy.ndarray):
        # Masked arrays have methods of their own only since numpy's forget attributes.
        as_numpy = all(getattr(kind, name) is getattr(numpy.ndarray, name) for name in methods)
        return as_numpy or kind is numpy.ma.MaskedArray
    return False


def _numpy() -> Any:
    return sys.modules["numpy"]


def _ndarray() -> Any:
    return _numpy().ndarray


def _size(holder: Any) -> int:
    return int(holder.nbytes if isinstance(holder, _ndarray()) else len(memoryview(holder).cast("B")))


def _chain(looking: Any) -> list[Any]:
    """``looking``, what it looks at, and so on."""
    found, at = [looking], looking.base
    while at is not None:
        if isinstance(at, _ndarray()):
            found.append(at)
            at = at.base
        elif type(at).__name__ == STAND_IN:
            at = at.base
        else:
            found += _holder_behind(at)
            break
    return found


def _holder_behind(at: Any) -> list[Any]:
    behind: Any = at.obj if type(at) is memoryview else at
    return [behind] if type(behind) in HOLDERS and len(behind) else []


def _how_many(chain: list[Any]) -> list[bool]:
    """Whether nothing but the one before refers to each of ``chain``."""
    counts, usual = _references(chain), _usual()
    last = chain[-1]
    found = [count <= usual for count in counts]
    if type(last) in HOLDERS:
        found[-1] = found[-1] and not _is_seen_by_others(chain[-2].base)
    return found


def _references(chain: list[Any]) -> list[int]:
    return [sys.getrefcount(each) for each in chain]


@cache
def _usual() -> int:
    """What :func:`_references` gives for an array that only a view refers to: versions count differently."""
    looking = _numpy().zeros(2)[:1]
    return _references(_chain(looking))[-1]


def _is_seen_by_others(view: Any) -> bool:
    """Whether there are more ``memoryview`` objects of the same object that were made from this one."""
    if type(view) is not memoryview:
        return False
    managed = gc.get_referents(view)
    return any(sys.getrefcount(each) > _usual_managed() for each in managed if type(each).__name__ == MANAGED)


MANAGED = "managedbuffer"
"""What views of one object share (``Objects/memoryobject.c``)."""


@cache
def _usual_managed() -> int:
    view = memoryview(bytearray(1))
    managed = gc.get_referents(view)
    return max(sys.getrefcount(each) for each in managed)
