"""The kernel process becomes a relay, and is one from then on: :mod:`.cutover` before exec, :mod:`.program`
after it.

Nothing is imported here: the relay is to start fast, and needs nothing of what is before the cut.
"""

from __future__ import annotations

from typing import Any, NoReturn

from pyteleport_jupyter.relay.in_flight import InFlight, in_flight_request
from pyteleport_jupyter.relay.plan import Announcement, CutPlan

__all__ = [
    "Announcement",
    "CutPlan",
    "InFlight",
    "check_kernel",
    "cut_over",
    "in_flight_request",
    "pump_in_process",
]


def check_kernel(kernel: Any) -> str | None:
    """Why this kernel cannot be replaced by exec (then: :func:`pump_in_process`), or None when it can."""
    from pyteleport_jupyter.relay import kernel_internals

    return kernel_internals.check_kernel(kernel)


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
