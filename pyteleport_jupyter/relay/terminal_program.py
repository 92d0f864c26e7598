"""The process after exec: put together from the baggage, run to its end, gone without a look back."""

from __future__ import annotations

import os
import resource
import traceback
from contextlib import suppress
from typing import NoReturn

from pyteleport_jupyter.relay.far_side import FarSide, carrier_of
from pyteleport_jupyter.relay.left_files import remove_files
from pyteleport_jupyter.relay.reattach import Reattachment
from pyteleport_jupyter.relay.terminal import TerminalRelay
from pyteleport_jupyter.relay.terminal_guard import TerminalGuard
from pyteleport_jupyter.relay.terminal_home import OnTheWay, ThisIsHome
from pyteleport_jupyter.relay.terminal_settings import TerminalBaggage, TerminalSettings, unpack
from pyteleport_jupyter.relay.terminal_signals import TerminalSignals
from pyteleport_jupyter.remote.control import Control
from pyteleport_jupyter.wire.channel import NumberedChannel


def main(descriptor: int) -> NoReturn:
    """Be the relay that the file behind ``descriptor`` describes until it ends; so does this process then."""
    status = 1
    try:
        with os.fdopen(descriptor, "rb") as file:
            baggage = unpack(file)
        status = _run(baggage)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _run(baggage: TerminalBaggage) -> int:
    settings = baggage.settings
    for inherited in settings.inherited():
        os.set_inheritable(inherited, False)
    with suppress(OSError, ValueError):
        # It holds the token: that shall not be written to disk by a crash.
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    guard = TerminalGuard(_last_words(settings)) if settings.streams["stdin"] == "terminal" else None
    signals = TerminalSignals(settings.signals_fd)
    channel = NumberedChannel.thaw(baggage.frozen_channel)
    far = FarSide(
        channel, carrier_of(settings.far), Reattachment(settings.far, lambda *_: None), settings.far.lease
    )
    relay = TerminalRelay(far, settings.far.host, settings.streams, signals, baggage.unread)
    if settings.upstream_fd is None:
        ThisIsHome(relay, settings, channel)
    else:
        OnTheWay(relay, Control(settings.upstream_fd))
    relay.guard = guard
    relay.session = settings.far.session
    relay.announcement = settings.announcement
    if settings.talk_fd is not None:
        relay.talk_over(settings.talk_fd)
    if settings.taken_up:
        relay.take_up()
        for message in baggage.said:
            relay.hear(message)
    elif settings.committed:
        # The program was to come home and could not: it goes on there.
        relay.take_terminal()
        far.command("tell", what="refused", **(settings.failure or {}))
    else:
        far.command("commit", value=settings.value)
    try:
        status = relay.run()
        if not relay.parted:
            remove_files(settings.files)
        return status
    except BaseException:
        # Nobody will come for the program any more.
        far.command("end")
        far.flush()
        raise


def _last_words(settings: TerminalSettings) -> str:
    lease = settings.far.lease
    left = f"{lease:.0f} s" if lease < 120 else f"{lease / 60:.0f} min"
    return f"the process here was killed; what ran on {settings.far.host} ends by itself in {left}"
