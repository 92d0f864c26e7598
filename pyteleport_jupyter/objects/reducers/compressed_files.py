"""Compressed files that are read: opened again where they are, or a copy of them, at the same place."""

from __future__ import annotations

from typing import Any

from pyteleport_jupyter.objects.arriving import may_stay
from pyteleport_jupyter.objects.reducers.files import COMPRESSED, make_closed
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces


@reduces(*COMPRESSED)
def reduce_compressed(file: Any, reduction: Reduction) -> Any:
    """As the file below it, if the package has opened that itself; what is being written stays."""
    if file.closed:
        return make_closed, (type(file), getattr(file, "name", None), None)
    if not file.readable():
        raise CannotMove("what it has compressed is not in the file yet, and hidden in C; close it first")
    below, is_own = (
        (file.myfileobj, file.myfileobj is not None)
        if type(file).__module__ == "gzip"
        else (file._fp, file._closefp)
    )
    if not is_own:
        raise CannotMove("it reads from another file object, whose beginning is not known")
    return make_reading, (type(file), below, file.tell())


@may_stay
def make_reading(kind: Any, below: Any, position: int) -> Any:
    """One that has been read to ``position``, in uncompressed bytes."""
    below.seek(0)
    if kind.__module__ == "gzip":
        made = kind(None, "rb", fileobj=below)
        made.myfileobj = below
    else:
        made = kind(below, "rb")
        made._closefp = True
    made.seek(position)
    return made
