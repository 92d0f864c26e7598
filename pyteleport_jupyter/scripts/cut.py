"""The last steps of a program that leaves: bring its streams to rest, and become a relay by ``execv``."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from pyteleport_jupyter.errors import QuiesceFailed, TeleportError
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.relay.configuration import open_file
from pyteleport_jupyter.relay.entry import become_relay, package_folder
from pyteleport_jupyter.relay.far_end import far_settings, look_at_far_side
from pyteleport_jupyter.relay.interrupts import signals_noted
from pyteleport_jupyter.relay.terminal_settings import TerminalBaggage, TerminalSettings
from pyteleport_jupyter.relay.terminal_signals import wait_for_handlers
from pyteleport_jupyter.scripts import streams
from pyteleport_jupyter.transports import AttachRequest, Link
from pyteleport_jupyter.wire import NumberedChannel


@dataclass(frozen=True)
class Departing:
    """A prepared far side in ``hold``, and the link to it; for kernels :class:`..relay.plan.CutPlan`."""

    link: Link
    channel: NumberedChannel
    transport: dict[str, Any]
    attach: AttachRequest
    host: str
    lease: float
    streams: dict[str, str]
    upstream_fd: int | None = None
    home: dict[str, Any] | None = None
    history: dict[str, Any] | None = None
    announcement: str = ""
    files: tuple[str, ...] = ()


def cut_over(plan: Departing) -> NoReturn:
    """Become the relay of ``plan``. Raises QuiesceFailed or LinkLost, with the program as it was, while that
    is possible. No frame is unwound: no ``finally``, no ``__exit__``, no ``atexit`` runs here.
    """
    try:
        with ExitStack() as undo:
            streams.flush()
            noted = undo.enter_context(signals_noted())
            file = undo.enter_context(open_file())
            settings = replace(settings_of(plan), signals_fd=noted.read_fd)
            look_at_far_side(plan)
            fault("relay.at_rest")
            # THE POINT OF NO RETURN: what stdin has read ahead is taken out of it.
            baggage = TerminalBaggage(settings, plan.channel.freeze(), streams.take_unread())
            _leave(baggage.pack(file), settings)
    except TeleportError:
        raise
    except Exception as error:
        raise QuiesceFailed(reason=error) from error


def settings_of(plan: Departing) -> TerminalSettings:
    """What the relay is told."""
    return TerminalSettings(
        far_settings(plan),
        plan.streams,
        (package_folder(),),
        upstream_fd=plan.upstream_fd,
        home=plan.home,
        history=plan.history,
        announcement=plan.announcement,
        files=plan.files,
    )


def _leave(descriptor: int, settings: TerminalSettings) -> NoReturn:
    """If the system refuses even exec, the relay runs in this process."""
    with suppress(BaseException):
        wait_for_handlers()
    with suppress(BaseException):
        fault("relay.exec")
        become_relay(descriptor, settings.inherited())
    from pyteleport_jupyter.relay.terminal_program import main

    main(os.dup(descriptor))
