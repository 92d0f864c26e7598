"""Standing orders: a signal that moves the session."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.interruption.request import is_under_way, request_teleport
from pyteleport_jupyter.interruption.road import road_here
from pyteleport_jupyter.options import make_options
from pyteleport_jupyter.targets import parse_target


def teleport_on(signum: signal.Signals | int, target: str, **options: Any) -> None:
    """When ``signum`` comes, move what runs then to ``target``, as :func:`.request_teleport` does.

    For the warning that a batch system or a cloud gives before it takes the machine away. To be called in
    the main thread. A signal that comes while a move is under way changes nothing. Where the move does not
    come about, the program goes on; the signal has no other effect. ``signal.signal(signum,
    signal.SIG_DFL)`` takes the order back.

    Raises:
        OptionWrong, TargetUnknown: the order makes no sense.
        RequestRefused: there is nothing here that can be moved.
        ValueError: this is not the main thread (``signal.signal``).
    """
    parse_target(
        target, make_options(**{name: value for name, value in options.items() if name != "patience"})
    )
    road = road_here()

    def ask(number: int, frame: FrameType | None) -> None:
        if is_under_way():
            return
        try:
            request_teleport(target, **options)
        except TeleportError as error:
            road.report(error)

    signal.signal(signum, ask)
