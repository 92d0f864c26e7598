"""Arrays of numpy that share memory, and arrays that lie in files."""

from __future__ import annotations

import gc
import math
import sys
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.objects.arriving import may_stay
from pyteleport_jupyter.objects.placed_files import PlacedFile, placed
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

STAND_IN = "DummyArray"
"""Class of numpy that stands between an array made by ``as_strided`` and the array it looks at."""

COPY_LIMIT = 1 << 30
"""Largest file that an array looks at whose contents travel, in bytes."""


@reduces("numpy.ndarray")
def reduce_array(array: Any, reduction: Reduction) -> Any:
    """Memory beside the stream, without a copy. Views of one array look at one array there too.

    A view is copied if nothing else refers to the array it looks at.
    """
    owner = _owner(array)
    if owner is None or id(array) in reduction.copied or not _is_worth_sharing(array, owner):
        return _as_memory(array, reduction)
    offset = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    seen = (array.dtype, array.shape, array.strides, offset, array.flags.writeable)
    return make_view, (type(array), owner, *seen)


def _as_memory(array: Any, reduction: Reduction) -> Any:
    """As numpy does, but for an array without another one behind it: it is the ``base`` of its views."""
    reduced = array.__reduce_ex__(5)
    if reduced[0].__name__ != "_frombuffer" or len(reduced[1]) != 4 or reduced[1][3] not in ("C", "F"):
        return reduced
    reduction.modules.add("numpy")
    reduction.used.add("numpy")
    return make_array, reduced[1]


def make_array(buffer: Any, dtype: Any, shape: tuple[int, ...], order: Any) -> Any:
    """An array in the memory of ``buffer``."""
    import numpy

    return numpy.ndarray(shape, dtype, buffer, order=order)


def _owner(array: Any) -> Any:
    """The array that the memory of ``array`` belongs to; None if that is itself."""
    found: Any = None
    at = array.base
    while at is not None:
        if type(at).__name__ == STAND_IN:
            at = at.base
        elif _is_array(at):
            found, at = at, at.base
        else:
            break
    return found


def _is_array(obj: Any) -> bool:
    numpy = sys.modules["numpy"]
    return type(obj) in (numpy.ndarray, numpy.memmap)


def _is_worth_sharing(array: Any, owner: Any) -> bool:
    if array.size == 0 or not (owner.flags.c_contiguous or owner.flags.f_contiguous):
        return False
    return array.nbytes > owner.nbytes or not _is_alone(owner)


def _is_alone(owner: Any) -> bool:
    """Whether nothing but one view refers to ``owner``."""
    return _references(owner) <= _few()


def _references(owner: Any) -> int:
    return sys.getrefcount(owner)


def _few() -> int:
    """What :func:`_references` gives for an array that only a view refers to: versions count differently."""
    if not _counted:
        import numpy

        array = numpy.zeros(2)[:1]
        owner = _owner(array)
        _counted.append(_count_through(owner))
    return _counted[0]


_counted: list[int] = []


def _count_through(owner: Any) -> int:
    # As many calls deep as in the way from reduce_array to _references.
    return _count_again(owner)


def _count_again(owner: Any) -> int:
    return _references(owner)


@may_stay
def make_view(
    kind: Any, owner: Any, dtype: Any, shape: Any, strides: Any, offset: int, writeable: bool
) -> Any:
    """An array that looks at the memory of ``owner``, ``offset`` bytes behind its start."""
    import numpy

    flat = (owner if owner.flags.c_contiguous else owner.T).reshape(-1)
    if dtype.hasobject:
        start = flat[offset // flat.itemsize :]
        strided = numpy.lib.stride_tricks.as_strided(start, shape, strides, writeable=writeable)
        is_plain = strided.flags.c_contiguous and writeable
        return start[: math.prod(shape)].reshape(shape) if is_plain else strided
    view = numpy.ndarray(shape, dtype, flat.view(numpy.uint8), offset, strides)
    if not writeable:
        view.flags.writeable = False
    return view if type(view) is kind else view.view(kind)


@reduces("pandas.core.internals.managers.BaseBlockManager", subclasses=True)
def reduce_table(manager: Any, reduction: Reduction) -> Any:
    """The memory of tables is never shared: pandas copies on write, and counts who looks at what."""
    arrays = [array for block in manager.blocks for array in _arrays_in(block.values)]
    reduction.copied.update(map(id, arrays))
    return manager.__reduce_ex__(5)


def _arrays_in(values: Any) -> list[Any]:
    if _is_array(values):
        return [values]
    inside = gc.get_referents(values)
    return [part for part in (*inside, *gc.get_referents(*inside)) if _is_array(part)]


@dataclass(frozen=True)
class Mapping:
    """Where an array lies in a file, and how it was mapped; ``offset`` in bytes."""

    file: PlacedFile
    dtype: Any
    mode: str
    offset: int
    shape: tuple[int, ...]
    order: Any


@reduces("numpy.memmap")
def reduce_mapped(array: Any, reduction: Reduction) -> Any:
    """Mapped again where the same file is. Elsewhere a copy if it is only read (up to 1 GiB)."""
    if _owner(array) is not None:
        return reduce_array(array, reduction)
    mode = getattr(array, "mode", None)
    if getattr(array, "_mmap", None) is None or mode is None:
        return array.__reduce_ex__(5)
    writes = mode in ("r+", "w+")
    if writes and array.filename is None:
        raise CannotMove("writing to it writes to a file without a name here")
    if mode == "c" or array.filename is None:
        return array.__reduce_ex__(5)
    if writes:
        array.flush()
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    with open(array.filename, "rb") as file:
        there = placed(file, writable=True)
    where = Mapping(there, array.dtype, "r+" if writes else mode, array.offset, array.shape, order)
    copy = None
    if not writes and array.nbytes <= COPY_LIMIT:
        copy = array.view(sys.modules["numpy"].ndarray)
        reduction.copied.add(id(copy))  # it would be written as a view of the map
    return make_mapped, (where, copy)


@may_stay
def make_mapped(where: Mapping, copy: Any) -> Any:
    """Map the file, or take the copy. Raises CannotMove."""
    import numpy

    if where.file.is_here():
        mode: Any = where.mode
        return numpy.memmap(where.file.path, where.dtype, mode, where.offset, where.shape, where.order)
    if copy is None:
        raise CannotMove(f"it lies in {where.file.path}, and that file is not there")
    return copy.view(numpy.memmap)


@reduces("numpy.finfo")
def reduce_float_info(info: Any, reduction: Reduction) -> Any:
    """That of the same type: numpy makes one for each."""
    return type(info), (info.dtype,)
