"""The kernel process becomes a relay, and is one from then on: :mod:`.cutover` before exec, :mod:`.program`
after it.

Nothing is imported here: the relay is to start fast, and needs nothing of what is before the cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from pyteleport_jupyter.relay.announcement import Announcement
from pyteleport_jupyter.relay.in_flight import InFlight, in_flight_request
from pyteleport_jupyter.relay.plan import CutPlan

__all__ = [
    "Announcement",
    "CutPlan",
    "InFlight",
    "check_kernel",
    "cut_over",
    "in_flight_request",
    "pump_in_process",
    "rehearsed",
]


def check_kernel(kernel: Any) -> str | None:
    """Why this kernel cannot be replaced by exec (then: :func:`pump_in_process`), or None when it can."""
    from pyteleport_jupyter.relay import kernel_internals

    return kernel_internals.check_kernel(kernel)


@contextmanager
def rehearsed() -> Iterator[None]:
    """Within the block a relay starts for trial. Raises QuiesceFailed behind it if none would start here."""
    from pyteleport_jupyter.relay.rehearsal import rehearse

    rehearsal = rehearse()
    try:
        yield
    except BaseException:
        rehearsal.cancel()
        raise
    rehearsal.verdict()


def cut_over(kernel: Any, plan: CutPlan) -> NoReturn:
    """Become the relay of ``plan`` by exec. Raises QuiesceFailed, with the kernel as it was, while that is
    possible.
    """
    from pyteleport_jupyter.relay import cutover

    cutover.cut_over(kernel, plan)


def pump_in_process(kernel: Any, plan: CutPlan) -> NoReturn:
    """Be the relay of ``plan`` without exec, inside the kernel. Raises KernelUnsupported where even that is
    impossible.
    """
    from pyteleport_jupyter.relay import in_process

    in_process.pump_in_process(kernel, plan)
