"""Event loops: their tasks are made anew from what their coroutines have come to, and go on in a loop over
there.

As ``frames`` for what runs in a loop: :func:`capture_stack`, :func:`running_generators`,
:func:`finish_restore` and :func:`abandon_restore` stand in place of the functions of the same name there.
"""

from pyteleport_jupyter.loops.arrival import abandon_restore, finish_restore
from pyteleport_jupyter.loops.capture import capture_beside, capture_stack, context_around, running_generators

__all__ = [
    "abandon_restore",
    "capture_beside",
    "capture_stack",
    "context_around",
    "finish_restore",
    "running_generators",
]
