"""Running frames as data and back: capture, pickle support, resume. Nothing here writes into the interpreter.

The road: :func:`capture_stack` (reads), a pickle with :func:`reduce_generator` and :func:`reduce_code`
among its reducers, on the other side :func:`check_running_code`, :func:`finish_restore` and
:func:`resume_code`.
"""

from .capture import capture_stack
from .generators import capture_suspended, reduce_awaitable, reduce_generator, with_opening
from .layout import NULL
from .on_the_way import awaited
from .priming import abandon_restore, finish_restore, hand_out, hold_back
from .registry import original_code, prologue_length
from .resume import resume_call, resume_code
from .running_code import check_running_code, code_hash
from .selftest import check_interpreter
from .snapshot import FrameSnapshot, Stack, Within, running_generators
from .tracebacks import reduce_code, reduce_traceback
from .words import PlaceName, describe

__all__ = [
    "NULL",
    "FrameSnapshot",
    "PlaceName",
    "Stack",
    "Within",
    "abandon_restore",
    "awaited",
    "capture_stack",
    "capture_suspended",
    "check_interpreter",
    "check_running_code",
    "code_hash",
    "describe",
    "finish_restore",
    "hand_out",
    "hold_back",
    "original_code",
    "prologue_length",
    "reduce_awaitable",
    "reduce_code",
    "reduce_generator",
    "reduce_traceback",
    "resume_call",
    "resume_code",
    "running_generators",
    "with_opening",
]
