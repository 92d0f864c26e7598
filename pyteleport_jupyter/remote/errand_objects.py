"""The objects that an errand carries, on either side: made, and brought to where they were."""

from __future__ import annotations

import ctypes
import dis
from collections.abc import Iterable
from types import CoroutineType
from typing import Any

from pyteleport_jupyter.frames import original_code
from pyteleport_jupyter.frames.generators import generator_frame
from pyteleport_jupyter.frames.priming import PREFIXES
from pyteleport_jupyter.loops import abandon_restore, finish_restore
from pyteleport_jupyter.objects import Numbering, load
from pyteleport_jupyter.session.anchors import SessionAnchors
from pyteleport_jupyter.session.frontend_items import connect_comms


def rebuild(
    shell: Any, stream: Any, buffers: Iterable[Any], live: SessionAnchors, numbering: Numbering
) -> dict[str, Any]:
    """What was pickled; generators among it wait at their yields again. Raises RestoreFailed."""
    try:
        loaded = load(bytes(stream), buffers, live, numbering)
        finish_restore()
    except BaseException:
        # This process goes on: what is half made must not be finished by the next errand.
        abandon_restore()
        raise
    for step in loaded.deferred:
        step()
    connect_comms(shell)
    return loaded.root


def leave_unfinished(objects: Iterable[Any]) -> None:
    """Generators among ``objects`` go on elsewhere. One that is let go of is closed by Python: what it does
    at its end (``finally``, ``with``) would be done twice. So it is held for ever, if it does anything.
    """
    for each in objects:
        if type(each) in PREFIXES and _does_something_when_closed(each):
            # Not a list of ours, which Python would empty when it ends.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(each))


def _does_something_when_closed(generator: Any) -> bool:
    """Whether its code handles exceptions; of a coroutine that nobody awaits Python warns."""
    frame = generator_frame(generator)
    if frame is None or isinstance(generator, CoroutineType):
        return frame is not None
    return any(i.opname == "PUSH_EXC_INFO" for i in dis.get_instructions(original_code(frame.f_code)))
