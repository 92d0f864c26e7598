"""Streams in memory: texts and bytes with the place that has been read to; text over them, see files."""

from __future__ import annotations

import gc
import io
from typing import Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import reduces


@reduces(io.StringIO, io.BytesIO)
def reduce_stream(stream: Any, reduction: Reduction) -> Any:
    """Pickle's own way, but for closed ones, which it refuses."""
    if not stream.closed:
        return NotImplemented
    return make_closed, (type(stream),), dict(stream.__dict__) or None


def make_closed(kind: Any) -> Any:
    """A closed stream in memory."""
    stream = kind()
    stream.close()
    return stream


@reduces("_io._BytesIOBuffer")
def reduce_buffer(buffer: Any, reduction: Reduction) -> Any:
    """What `BytesIO.getbuffer()` looks at: the stream that travels, not a copy."""
    (stream,) = (each for each in gc.get_referents(buffer) if isinstance(each, io.BytesIO))
    return buffer_of, (stream,)


def buffer_of(stream: io.BytesIO) -> Any:
    """The buffer behind a view of the stream."""
    return stream.getbuffer().obj
