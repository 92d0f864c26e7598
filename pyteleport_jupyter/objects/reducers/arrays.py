"""Arrays of numpy that share memory, and arrays that lie in files."""

from __future__ import annotations

import contextlib
import copyreg
import gc
import math
import pickle
import sys
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.objects import names
from pyteleport_jupyter.objects.array_memory import (
    address_of,
    axes_of,
    flat_of,
    is_plain_kind,
    owner_of,
    plain,
)
from pyteleport_jupyter.objects.arriving import may_stay
from pyteleport_jupyter.objects.placed_files import PlacedFile, placed
from pyteleport_jupyter.objects.reduction import Reduction, reduce_own
from pyteleport_jupyter.objects.shapes import set_state
from pyteleport_jupyter.objects.table import CannotMove, reduces

TEXTS = "T"
"""Kind of ``numpy.dtypes.StringDType``."""

COPY_LIMIT = 1 << 30
"""Largest file that an array looks at whose contents travel, in bytes."""


@reduces("numpy.ndarray", subclasses=True)
def reduce_array(array: Any, reduction: Reduction) -> Any:
    """Memory beside the stream, without a copy. Views of one array look at one array there too.

    A view is copied if nothing else refers to the array it looks at. Arrays of other classes (``matrix``,
    masked ones, your own) have their attributes with them; they are copies if their class pickles them in
    its own way.
    """
    kind, usual = type(array), sys.modules["numpy"].ndarray
    if kind is not usual and not is_plain_kind(kind):
        return reduce_own(array, reduction)
    owner = None if id(array) in reduction.copied else _owner(array, reduction)
    reduced = _as_memory(array, reduction) if owner is None else _as_view(array, owner)
    return reduced if kind is usual else _with_attributes(array, reduced)


def _owner(array: Any, reduction: Reduction) -> Any:
    """Whose memory it is, or what has been written with it although the array does not refer to that."""
    owner = owner_of(array)
    if owner is not None:
        return owner
    if array.dtype.hasobject or not array.nbytes or axes_of(array) is None:
        return None
    return reduction.memory.whole_of(array, address_of(array), array.nbytes)


def _as_view(array: Any, owner: Any) -> Any:
    if array.dtype.kind == TEXTS and array.ndim > 1 and not array.flags.c_contiguous:
        raise CannotMove("it is a view of texts in several dimensions; take a copy of it")
    offset = address_of(array) - address_of(owner)
    seen = (array.dtype, array.shape, array.strides, offset, array.flags.writeable)
    return make_view, (type(array), owner, *seen)


def _as_memory(array: Any, reduction: Reduction) -> Any:
    """As numpy does, but for an array without another one behind it: it is the ``base`` of its views."""
    axes = None if array.dtype.hasobject or not array.nbytes else axes_of(array)
    if axes is None:
        return numpys_own(array)
    reduction.modules.add("numpy")
    reduction.used.add("numpy")
    return make_array, (_buffer_of(array, axes), array.dtype, array.shape, array.strides, type(array))


def _buffer_of(array: Any, axes: tuple[int, ...]) -> pickle.PickleBuffer:
    """Of the array itself where that can be: it is what its memory is remembered by for a second trip."""
    if array.flags.forc:
        with contextlib.suppress(ValueError):  # dates, and what other packages have added
            return pickle.PickleBuffer(array)
    return pickle.PickleBuffer(plain(array).transpose(axes).reshape(-1).view("u1"))


def numpys_own(array: Any) -> Any:
    """The reduce value of numpy, whatever the class says."""
    return sys.modules["numpy"].ndarray.__reduce_ex__(array, 5)


def make_array(buffer: Any, dtype: Any, shape: tuple[int, ...], strides: tuple[int, ...], kind: Any) -> Any:
    """An array in the memory of ``buffer``."""
    import numpy

    return numpy.ndarray.__new__(kind, shape, dtype, buffer, 0, strides)


def _with_attributes(array: Any, reduced: tuple[Any, ...]) -> tuple[Any, ...]:
    """``reduced``, and what the user, or the class, has put on the array."""
    function, args, *rest = reduced
    attributes = None if is_mapped(array) else names.attributes_of(array)
    slots = {name: getattr(array, name) for name in copyreg._slotnames(type(array)) if hasattr(array, name)}  # type: ignore[attr-defined]
    return function, args, (rest[0] if rest else None, attributes, slots), None, None, set_array


def set_array(array: Any, state: tuple[Any, Any, Any]) -> None:
    """What numpy says of it, then its attributes; the class is not asked."""
    import numpy

    of_numpy, attributes, slots = state
    if of_numpy is not None:
        numpy.ndarray.__setstate__(array, of_numpy)
    set_state(array, (attributes, slots))


def is_mapped(array: Any) -> bool:
    """Whether it is a view of a file: its attributes say where that lies."""
    return isinstance(array, sys.modules["numpy"].memmap)


def remark(array: Any) -> str:
    """What is not the same of it there, as a clause; empty if all is."""
    if getattr(array, "base", None) is None or is_plain_kind(type(array)) or is_mapped(array):
        return ""
    return "as a copy, since its class pickles it in its own way: it shares memory with no other array there"


@may_stay
def make_view(
    kind: Any, owner: Any, dtype: Any, shape: Any, strides: Any, offset: int, writeable: bool
) -> Any:
    """An array that looks at the memory of ``owner``, ``offset`` bytes behind its start."""
    import numpy

    flat = flat_of(owner)
    if dtype.kind == TEXTS:
        view = _view_of_texts(flat, offset // flat.itemsize, shape, strides)
    elif dtype.hasobject:
        view = _view_of_objects(flat[offset // flat.itemsize :], shape, strides, writeable)
    else:
        view = numpy.ndarray(shape, dtype, flat.view(numpy.uint8), offset, strides)
    if not writeable:
        view.flags.writeable = False
    return view if type(view) is kind else numpy.ndarray.view(view, kind)


def _view_of_objects(start: Any, shape: Any, strides: Any, writeable: bool) -> Any:
    import numpy

    strided = numpy.lib.stride_tricks.as_strided(start, shape, strides, writeable=writeable)
    is_simple = strided.flags.c_contiguous and writeable
    return start[: math.prod(shape)].reshape(shape) if is_simple else strided


def _view_of_texts(flat: Any, first: int, shape: Any, strides: Any) -> Any:
    """By slices: their memory cannot be made an array of in another way (numpy 2.3)."""
    if len(shape) != 1:
        return flat[first : first + math.prod(shape)].reshape(shape)
    step = strides[0] // flat.itemsize or 1
    return flat[first::step][: shape[0]]


@reduces("pandas.core.internals.managers.BaseBlockManager", subclasses=True)
def reduce_table(manager: Any, reduction: Reduction) -> Any:
    """The memory of tables is never shared: pandas copies on write, and counts who looks at what."""
    arrays = [array for block in manager.blocks for array in _arrays_in(block.values)]
    reduction.copied.update(map(id, arrays))
    return manager.__reduce_ex__(5)


def _is_array(obj: Any) -> bool:
    numpy = sys.modules["numpy"]
    return type(obj) in (numpy.ndarray, numpy.memmap)


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
    if isinstance(array.base, sys.modules["numpy"].ndarray):
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
