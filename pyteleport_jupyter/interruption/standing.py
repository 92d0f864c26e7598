"""Standing orders: a signal that moves the session."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from types import FrameType
from typing import Any

from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.interruption.request import check_request, is_under_way, request_teleport
from pyteleport_jupyter.interruption.road import road_here
from pyteleport_jupyter.session import standing_orders
from pyteleport_jupyter.session.place import current_place


@dataclass(frozen=True)
class StandingOrder:
    """The handler of a signal that moves what runs. It travels, and is done when the session is at its
    target: from then on the signal does again what it did ``before``.
    """

    target: str
    options: dict[str, Any]
    before: Any

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The signal has come."""
        if is_under_way():
            return
        if current_place().target == self.target:
            signal.signal(number, self.before)
            signal.raise_signal(number)
            return
        try:
            request_teleport(self.target, **self.options)
        except TeleportError as error:
            road_here().report(error)


def teleport_on(signum: signal.Signals | int, target: str, **options: Any) -> None:
    """When ``signum`` comes, move what runs then to ``target``, as :func:`.request_teleport` does.

    For the warning that a batch system or a cloud gives before it takes the machine away. To be called in
    the main thread. A signal that comes while a move is under way changes nothing. Where the move does not
    come about, the program goes on; the signal has no other effect. The order moves along; on ``target`` the
    signal does again what it did before. ``signal.signal(signum, signal.SIG_DFL)`` takes the order back.

    Raises:
        OptionWrong, TargetUnknown: the order makes no sense.
        RequestRefused: there is nothing here that can be moved.
        ValueError: this is not the main thread (``signal.signal``).
    """
    check_request(target, {name: value for name, value in options.items() if name != "patience"})
    road_here()
    before = signal.getsignal(signum)
    if isinstance(before, StandingOrder):
        before = before.before
    # None is a handler that was not set from Python, and cannot be set again by it.
    order = StandingOrder(target.strip(), options, signal.SIG_DFL if before is None else before)
    signal.signal(signum, order)
    standing_orders.note(signum, order)
