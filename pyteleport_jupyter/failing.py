"""What both roads, of kernels and of programs, do when a move fails or is stopped before the cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from pyteleport_jupyter import errors
from pyteleport_jupyter.errors import MoveCancelled, TeleportError
from pyteleport_jupyter.relay.interrupts import interrupts_postponed

if TYPE_CHECKING:
    from pyteleport_jupyter.wire import Conversation

ABORT_SECONDS = 2.0
STOP_SECONDS = 0.2
"""After the Stop button: so long the far side may take to say that it is gone, and the child to be gone. What
is slower finds the link closed and ends by that.
"""


@contextmanager
def told_in_one_sentence(
    host: str, failed: Callable[[TeleportError], None] = lambda error: None
) -> Iterator[None]:
    """Whatever goes wrong becomes one of our errors, without the frames of the road; ``failed`` is told it
    before it is raised.

    Those frames hold views of the user's arrays; an error that kept them (``sys.last_exc``) would keep the
    arrays pinned.
    """
    try:
        yield
    except KeyboardInterrupt:
        failure: TeleportError = MoveCancelled(host=host)
    except TeleportError as error:
        failure = error
    except Exception as error:
        failure = TeleportError(reason=f"{type(error).__name__}: {error}")
        failure.__cause__ = error
    else:
        return
    failed(failure)
    if errors.show_tracebacks:
        raise failure
    failure.__context__ = failure.__cause__ = None
    raise failure.with_traceback(None) from None


def aborted_on_failure(conversation: Conversation) -> AbstractContextManager[None]:
    """The far side ends when the link closes; told so, it is gone before the user reads the sentence."""
    return called_off_on_failure(conversation.abort)


@contextmanager
def called_off_on_failure(call_off: Callable[[float], object]) -> Iterator[None]:
    """If the block fails, ``call_off`` is called with the seconds that it may take."""
    try:
        yield
    except BaseException as failure:
        patience = STOP_SECONDS if isinstance(failure, KeyboardInterrupt) else ABORT_SECONDS
        # A second Ctrl-C must not keep it from being told: a copy that is held waits for its whole lease.
        with interrupts_postponed():
            call_off(patience)
        raise
