"""Log files: what is logged goes on there in a file of the same name, behind what that has in it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from pyteleport_jupyter.objects import placed_files
from pyteleport_jupyter.objects.deferred import run_later
from pyteleport_jupyter.objects.placed_files import PlacedFile, placed
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces


@reduces(logging.FileHandler, subclasses=True)
def reduce_log_file(handler: logging.FileHandler, reduction: Reduction) -> Any:
    """``FileHandler`` and its kin. A log is only ever added to: unlike other files it is opened there
    whatever is in it, and made where it is missing (with ``--with-files``: with what is in it here). Where
    that cannot be done the cell says so, and what is logged there is not written.
    """
    handler.flush()
    state = {name: value for name, value in vars(handler).items() if name != "stream"}
    stream: Any = handler.stream
    is_open = stream is not None and not stream.closed
    there = placed(stream, writable=True) if is_open and placed_files.contents_travel() else None
    return object.__new__, (type(handler),), (state, is_open, there, run_later), None, None, set_log_file


def set_log_file(
    handler: logging.FileHandler,
    content: tuple[dict[str, Any], bool, PlacedFile | None, Callable[[Callable[[], None]], None]],
) -> None:
    """Its level, format, filters and lock. The file is opened when the cell goes on: should the move fail,
    none was made.
    """
    state, is_open, there, later = content
    vars(handler).update(state, stream=None)
    if is_open:
        later(partial(_open, handler, there))


def _open(handler: logging.FileHandler, there: PlacedFile | None) -> None:
    path = handler.baseFilename
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if there is not None and not os.path.exists(path):
            placed_files.find_or_make(there)
        stream = open(path, "a", encoding=handler.encoding, errors=handler.errors)  # noqa: SIM115
    except (OSError, CannotMove) as error:
        # No reason not to move: who has another home there could not go at all.
        reason = error.reason if isinstance(error, CannotMove) else error.strerror
        print(f"pyteleport: what is logged to {path} is not written here: {reason}", file=sys.stderr)
        stream = open(os.devnull, "a")  # noqa: SIM115
    vars(handler)["stream"] = stream
