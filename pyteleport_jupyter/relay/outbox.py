"""What clients have sent and the far side has not got yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from pyteleport_jupyter.relay.far_side import FarSide
from pyteleport_jupyter.relay.waiting_room import WaitingRoom
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane

Drained = tuple[Lane, Sequence[bytes]]


class Outbox:
    """Requests in the order in which they came; those of the control channel overtake all others, or wait
    in the waiting room.
    """

    def __init__(self, waiting_room: WaitingRoom) -> None:
        self.waiting_room = waiting_room
        self._others: deque[Drained] = deque()
        self._urgent: deque[Sequence[bytes]] = deque()

    @property
    def takes_requests(self) -> bool:
        """Whether clients may send more; what they send meanwhile waits at their end."""
        return not self._others

    @property
    def takes_control(self) -> bool:
        """The same of the control channel."""
        return not self._urgent and not self.waiting_room.full

    @property
    def others(self) -> Sequence[Drained]:
        """All but control requests."""
        return self._others

    def add(self, lane: Lane, frames: Sequence[bytes]) -> None:
        """A request that is not of the control channel."""
        self._others.append((lane, frames))

    def add_first(self, lane: Lane, frames: Sequence[bytes]) -> None:
        """The same, before all others."""
        self._others.appendleft((lane, frames))

    def add_control(self, frames: list[bytes], passes: bool) -> None:
        """A control request, which either ``passes`` or has to wait."""
        if passes:
            self._urgent.append(frames)
        else:
            self.waiting_room.add(frames)

    def release(self, interrupt: bool) -> None:
        """What had to wait goes out. Unless ``interrupt``, requests to interrupt are answered here."""
        self._urgent.extend(self.waiting_room.leave(interrupt))

    def take_all(self) -> list[Drained]:
        """All of it, which is another's to send from now on."""
        control = [*self._urgent, *self.waiting_room.leave(True)]
        requests = [*((Lane.CONTROL, frames) for frames in control), *self._others]
        self._urgent, self._others = deque(), deque()
        return requests

    def begin_anew(self, control: Iterable[Sequence[bytes]], others: Iterable[Drained]) -> None:
        """For another far side: ``others`` instead of those that are here, ``control`` besides, all of which
        waits.
        """
        self._others = deque(others)
        for frames in [*control, *self._urgent]:
            self.waiting_room.add(list(frames))
        self._urgent.clear()

    def hand_on(self, far: FarSide, say: Callable[[str], None]) -> None:
        """As far as the channel to ``far`` has room."""
        while (self._urgent or self._others) and far.has_room:
            lane, frames = (Lane.CONTROL, self._urgent.popleft()) if self._urgent else self._others.popleft()
            try:
                far.send(lane, frames)
            except WireError as error:
                # Longer than anything the far side would take: a request that nobody can answer.
                say(str(error))
