"""Views of memory: they look at the same object there."""

from __future__ import annotations

import ctypes
import math
from typing import Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

FULL = 0x11C
"""``PyBUF_FULL_RO`` (CPython, Include/cpython/object.h and pybuffer.h)."""

NATIVE = "cbB?hHiIlLqQnNfdPe"
"""Formats that ``memoryview.cast`` takes."""


class _Buffer(ctypes.Structure):
    """``Py_buffer`` (CPython, Include/pybuffer.h)."""

    _fields_ = (
        ("buf", ctypes.c_void_p), ("obj", ctypes.c_void_p), ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t), ("readonly", ctypes.c_int), ("ndim", ctypes.c_int),
        ("format", ctypes.c_void_p), ("shape", ctypes.c_void_p), ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p), ("internal", ctypes.c_void_p),
    )  # fmt: skip


def _address(exporter: Any) -> int:
    buffer = _Buffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(exporter), ctypes.byref(buffer), FULL)
    ctypes.pythonapi.PyBuffer_Release(ctypes.byref(buffer))
    return buffer.buf or 0


@reduces(memoryview)
def reduce_memory(view: memoryview, reduction: Reduction) -> Any:
    """A view of the same part of the same object; a released one is released there."""
    try:
        owner: Any = view.obj
    except ValueError:
        return make_released, ()
    if _looks_at_all(view, owner):
        return make_whole, (owner, view.readonly)
    form = view.format.removeprefix("@")
    is_known = len(form) == 1 and form in NATIVE and memoryview(owner).c_contiguous
    if not is_known or (view.ndim != 1 and not view.c_contiguous):
        raise CannotMove("memory of such a layout can be looked at only by what has made this view")
    start = _address(view) - _address(owner) if view.nbytes else 0
    step = 1 if view.c_contiguous else (view.strides or (1,))[0]
    return make_memory, (owner, start, form, view.shape, step, view.readonly)


def _looks_at_all(view: memoryview, owner: Any) -> bool:
    whole = memoryview(owner)
    looks = (view.format, view.shape, view.strides)
    return looks == (whole.format, whole.shape, whole.strides) and _address(view) == _address(owner)


def make_released() -> memoryview:
    """A view that is over."""
    view = memoryview(b"")
    view.release()
    return view


def make_whole(owner: Any, is_readonly: bool) -> memoryview:
    """A view of all that ``owner`` shows."""
    whole = memoryview(owner)
    return whole.toreadonly() if is_readonly else whole


def make_memory(
    owner: Any, start: int, form: str, shape: tuple[int, ...], step: int, is_readonly: bool
) -> memoryview:
    """A view of elements of ``owner``, the first one ``start`` bytes behind its beginning. ``step`` is 1 if
    they lie side by side, else the distance of two in bytes.
    """
    flat = memoryview(owner).cast("B")
    size = memoryview(bytearray(16)).cast(form).itemsize  # type: ignore[call-overload]
    count = math.prod(shape)
    if step == 1 or count == 0:
        part = flat[start : start + count * size]
        view = part.cast(form, shape) if len(shape) != 1 else part.cast(form)  # type: ignore[call-overload]
    else:
        reach = (count - 1) * step
        first, last = min(start, start + reach), max(start, start + reach)
        view = flat[first : last + size].cast(form)[:: step // size]  # type: ignore[call-overload]
    return view.toreadonly() if is_readonly else view  # type: ignore[no-any-return]
