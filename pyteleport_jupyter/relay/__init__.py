"""The kernel process becomes a relay, and is one from then on: :mod:`.cutover` before exec, :mod:`.program`
after it.

Nothing is imported here: the relay is to start fast, and needs nothing of what is before the cut.
"""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
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


_LATER = {
    "Announcement": "announcement",
    "CutPlan": "plan",
    "InFlight": "in_flight",
    "in_flight_request": "in_flight",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)


def check_kernel(kernel: Any) -> str | None:
    """Why this kernel cannot be replaced by exec (then: :func:`pump_in_process`), or None when it can."""
    from pyteleport_jupyter.relay import kernel_internals

    return kernel_internals.check_kernel(kernel)


def rehearsed() -> AbstractContextManager[None]:
    """Within the block a relay starts for trial. Raises QuiesceFailed behind it if none would start here."""
    from pyteleport_jupyter.relay import rehearsal

    return rehearsal.rehearsed()


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
