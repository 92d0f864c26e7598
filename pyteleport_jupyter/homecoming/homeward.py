"""The way home, from the far side: the session goes back into the process that it was started in.

That process is a relay, which becomes a kernel again by ``execv`` and takes the session over. Until it says
``arrived`` everything can be called off; from then on this process runs nothing of the user's any more, hands
over what clients have asked meanwhile, and ends.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from pyteleport_jupyter.errors import HomeRefused, LinkLost
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.homecoming.depositing import Leave
from pyteleport_jupyter.homecoming.keeper import KEPT_FROM
from pyteleport_jupyter.objects import Pickled, chunks
from pyteleport_jupyter.relay import draining, output
from pyteleport_jupyter.relay.above import send_requests
from pyteleport_jupyter.relay.in_flight import InFlight, in_flight_request
from pyteleport_jupyter.relay.interrupts import signals_noted
from pyteleport_jupyter.relay.kernel_internals import KernelParts, PartsMissing, call_in, parts_of
from pyteleport_jupyter.relay.signing import Signer, resumed
from pyteleport_jupyter.relay.sockets import accepted, addresses_of, end_sending, until
from pyteleport_jupyter.remote import way_up
from pyteleport_jupyter.remote.answers import expect
from pyteleport_jupyter.remote.control import COMMAND, PIECE, SHIP, Control
from pyteleport_jupyter.session.place import HOME
from pyteleport_jupyter.shipping import Consignment, make_offer
from pyteleport_jupyter.shipping.offer import parse_answer
from pyteleport_jupyter.wire.lanes import Lane

CONSENT_SECONDS = 180.0
"""So long the user may think about a question of home's."""

QUIET_SECONDS = 10.0
HALF_CLOSE_SECONDS = 2.0
"""Once the session is at home: so long what is still on its way to this kernel may take to arrive."""

Request = tuple[Lane, list[bytes]]

OFFER_SECONDS = 600.0
"""So long home may take to compare what it has kept with what is offered, and the link may be lost."""


@dataclass(frozen=True)
class Farewell:
    """What home needs besides the session: the display to bring to its end, and how long it took so far."""

    line: dict[str, Any] | None
    started: float


def come_home(
    kernel: Any, pickled: Pickled, farewell: Farewell, shipped: Callable[[int, int], None], leave: Leave
) -> NoReturn:
    """Hand the session over to its home and end. Raises a TeleportError with the session going on here.

    ``shipped`` is told how many bytes of how many are on their way; ``leave`` is the last thing that is done
    (see :mod:`.depositing`).
    """
    try:
        parts = parts_of(kernel)
    except PartsMissing as error:
        raise HomeRefused(reason=error) from error
    with called(kernel) as home, ExitStack() as undo:
        home.say("homeward")
        welcome = expect(home, "welcome", CONSENT_SECONDS)
        _ship(home, _without_kept(home, pickled, welcome), shipped)
        at_rest(parts, undo)
        seconds = time.monotonic() - farewell.started
        home.say("shipped", line=farewell.line, seconds=seconds, cell=running_request(kernel))
        relays = until_arrived(home)
        # THE POINT OF NO RETURN: it lives there.
        hand_over(kernel, parts, home, relays, leave)


def at_rest(parts: KernelParts, undo: ExitStack) -> None:
    """Bring the kernel to rest, with the undoing put on the stack. Raises PartsMissing."""
    output.flush_streams(parts)
    draining.wait_for_subshells(parts)
    undo.enter_context(draining.reception_stopped(parts))
    draining.wait_for_rest(parts)
    fault("homeward.at_rest")
    undo.enter_context(signals_noted())


@contextmanager
def called(kernel: Any) -> Iterator[Control]:
    """A line to home; what breaks it off is told as one of our errors."""
    directory = os.path.dirname(os.path.abspath(kernel.parent.connection_file))
    try:
        home = way_up.connect(directory)
    except OSError as error:
        raise HomeRefused(reason=f"there is no way to it from here ({error})") from error
    try:
        yield home
    except PartsMissing as error:
        raise HomeRefused(reason=error) from error
    except (EOFError, OSError) as error:
        raise LinkLost(host=HOME, reason=error) from error
    finally:
        # Whoever is not told otherwise takes this for a change of mind.
        home.close()


def until_arrived(home: Control) -> int:
    """Wait for as long as it takes: whoever has the session now has to say so. The supervisor, which knows
    whether the link is there, ends us when the lease is over; raises what home says instead.

    Returns how many relays are between here and there; whoever has the session takes itself for one.
    """
    try:
        return 1 + int(expect(home, "arrived", None).get("passed", 0))
    except EOFError:
        # The supervisor has gone, and home may have the session: nothing of it may go on here.
        os._exit(1)


def _without_kept(home: Control, pickled: Pickled, welcome: Mapping[str, Any]) -> Consignment:
    """What home has not kept, if it keeps anything (``keeps``: the digests by which it knows it, under
    ``key``).
    """
    parts, keeps = chunks.parts(pickled), welcome.get("keeps") or ()
    if not keeps or sum(part.nbytes for part in parts) < KEPT_FROM:
        return chunks.consign(pickled)
    offer = make_offer(parts, keeps, bytes.fromhex(str(welcome.get("key", ""))))
    encoded = memoryview(offer.encode())
    home.say("offer", size=len(encoded))
    for start in range(0, len(encoded), PIECE):
        home.send(SHIP, encoded[start : start + PIECE])
    held = parse_answer(str(expect(home, "answer", OFFER_SECONDS)["held"]))
    return chunks.consign(pickled, offer=offer, answer=held)


def _ship(home: Control, consignment: Consignment, shipped: Callable[[int, int], None]) -> None:
    for piece in consignment:
        for start in range(0, len(piece), PIECE):
            home.send(SHIP, piece[start : start + PIECE])
        shipped(consignment.covered, consignment.total)
        if home.heard_of(COMMAND):
            # There is nothing that it would say now but that it has no room.
            expect(home, "arrived", 0)


def hand_over(kernel: Any, parts: KernelParts, home: Control, relays: int, leave: Leave) -> NoReturn:
    """The requests follow the session, as the last of so many relays has them. Nothing in here may keep this
    process from its end.
    """
    try:
        fault("homeward.hand_over")
        # First that of the cell that goes on: what goes wrong with the others must not keep it here.
        with suppress(BaseException):
            send_requests(home, [(Lane.SHELL, frames) for frames in _running(kernel)], relays)
        drained: list[Request] = []
        with suppress(BaseException):
            _drain(parts, home, drained)
        with suppress(BaseException):
            send_requests(home, drained, relays)
        with suppress(BaseException):
            home.say("released")
        with suppress(BaseException):
            leave()
    finally:
        os._exit(0)


def running_request(kernel: Any) -> str:
    """The id of the request of the cell that goes on; empty where none does."""
    in_flight: InFlight | None = in_flight_request(kernel)
    return "" if in_flight is None else in_flight.message_id


def _running(kernel: Any) -> list[list[bytes]]:
    """The request of the cell that goes on, as its first client sent it."""
    in_flight: InFlight | None = in_flight_request(kernel)
    if in_flight is None:
        return []
    session = kernel.session
    return [resumed(in_flight, Signer(session.key, session.signature_scheme, session.session))]


def _drain(parts: KernelParts, home: Control, drained: list[Request]) -> None:
    """Put the requests into ``drained`` that have reached this kernel and have not begun; its own words are
    all out then.
    """
    drained += [(Lane.SHELL, frames) for frames in draining.take_queued(parts)]
    addresses = addresses_of(parts.app)
    with suppress(PartsMissing):
        output.close_iopub(parts)
    until(lambda: not accepted({addresses["iopub"]}), output.FLUSH_SECONDS)

    def quiet() -> bool:
        drained.extend(_arrived(parts))
        return home.closed or home.heard_of(COMMAND)

    until(quiet, QUIET_SECONDS)
    lines = {addresses[channel] for channel in ("shell", "control", "stdin")}

    def all_gone() -> bool:
        connections = accepted(lines)
        for connection in connections:
            end_sending(connection)
        drained.extend(_arrived(parts))
        return not connections

    until(all_gone, HALF_CLOSE_SECONDS)
    drained += _arrived(parts)


def _arrived(parts: KernelParts) -> list[Request]:
    shell = call_in(parts.shell_loop, lambda: draining.receive_all(parts.shell_stream.socket))
    control = call_in(parts.control_loop, lambda: draining.receive_all(parts.control_stream.socket))
    stdin = draining.receive_all(parts.stdin_socket)
    lanes = ((Lane.SHELL, shell), (Lane.CONTROL, control), (Lane.STDIN, stdin))
    return [(lane, frames) for lane, messages in lanes for frames in messages]
