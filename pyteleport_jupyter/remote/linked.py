"""The link of a supervisor: how it is lost, found again at the door, and how long it is waited for.

Supervisors of kernels and of programs have the same life with their links; what they serve is no concern of
this one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

from pyteleport_jupyter.remote.door import Door, Newcomer
from pyteleport_jupyter.remote.spoken import farewell
from pyteleport_jupyter.remote.tether import Tether, tether
from pyteleport_jupyter.wire.channel import Message
from pyteleport_jupyter.wire.commands import encode_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.records import Proof, Takeover

HEARD_SECONDS = 5.0
"""So long the last words to somebody who is let go of may take."""


class Served(Protocol):
    """Whom the link is for."""

    def take(self, message: Message) -> None:
        """Do what the other side says. Raises WireError for what does not fit: the link is let go."""
        ...

    def patience(self) -> float:
        """Seconds to wait for a link that is lost now; 0 while a lost link means that the move is off."""
        ...

    def stays_with_owner(self) -> str:
        """Why nobody may take it up now who does not know what was said; empty if anybody with proof may."""
        ...

    def taken_over(self, undelivered: list[Message]) -> None:
        """Somebody has come who knows nothing of what was said; the last one has not got these messages."""
        ...


class Linked:
    """The link, if there is one, its channel, and the door through which the next one comes.

    What must hold: without a link there is an hour of the end (:attr:`over`), and only a valid proof takes it
    away. The channel goes on over all links.
    """

    def __init__(self, directory: str, link: Tether, token: bytes, served: Served) -> None:
        self.link: Tether | None = link
        self.channel = link.pipe.channel
        self.door = Door(directory, token)
        self._served = served
        self._ends_at: float | None = None
        self._let_go_at: float | None = None
        self._next: tuple[Newcomer, Takeover] | None = None
        """Who may take the session up, when the link that there is has been let go."""
        self.round_trip = RoundTrip(self)

    @property
    def over(self) -> bool:
        """Whether nobody is to be waited for any more."""
        return self._ends_at is not None and time.monotonic() >= self._ends_at

    def end_after(self, seconds: float) -> None:
        """The other side has so long to hang up."""
        self._ends_at = time.monotonic() + seconds

    @property
    def seconds_left(self) -> float | None:
        """How long the link is still waited for; None while there is one."""
        return None if self._ends_at is None else max(0.0, self._ends_at - time.monotonic())

    def say(self, op: str, **fields: object) -> None:
        """Queue a command for the other side."""
        self.channel.send(Lane.COMMAND, [encode_command(op, **fields)])

    # ------------------------------------------------------------- in the loop

    def readers(self) -> dict[int, Callable[[], None]]:
        """What may be read now, and who sees to it, in this order: first what the link brings, also if its
        end has come, because what it brought last is to be heard.
        """
        watched: dict[int, Callable[[], None]] = {self.door.fileno(): self.door.knock}
        for fd in self.door.newcomers:
            watched[fd] = partial(self._answer_door, fd)
        if self.link:
            if self.link.pipe.wants_read:
                watched[self.link.pipe.read_fd] = self._read
            watched[self.link.leash.fileno()] = partial(self._let_go, self.link)
        return watched

    def writers(self) -> list[int]:
        """The descriptor that there is something to be written to; :meth:`flush` does it."""
        return [self.link.pipe.write_fd] if self.link and self.link.pipe.wants_write else []

    def deadlines(self) -> list[float]:
        """When :meth:`look` is wanted at the latest, each by the monotonic clock."""
        times = [time.monotonic() + self.channel.timeout()]
        times += [newcomer.deadline for newcomer in self.door.newcomers.values()]
        return [*times, *(at for at in (self._ends_at, self._let_go_at) if at is not None)]

    def flush(self) -> None:
        """Write as much as the link takes."""
        if self.link:
            self.link.pipe.flush()

    def look(self) -> None:
        """See to what happens by the clock, and notice that the link is lost."""
        self.door.expire()
        self.round_trip.look()
        if self.link and (self.link.pipe.closed or self.channel.lost):
            self.lose()
        self._look_at_parting()

    # ---------------------------------------------------------- loss and return

    def _read(self) -> None:
        if self.link is None:
            return
        try:
            for message in self.link.pipe.fill():
                self._served.take(message)
        except WireError:
            self.lose()

    def _let_go(self, link: Tether) -> None:
        """The process has gone that the host believes the link to be, unless the link has been replaced."""
        if link is self.link:
            self.lose()

    def lose(self) -> None:
        """There is no link any more."""
        if self.link:
            self.link.close()
        self.link = self._let_go_at = None
        self.channel.detach()
        self.end_after(self._served.patience())

    def _answer_door(self, fd: int) -> None:
        """A newcomer speaks; with a valid proof it replaces the link that there is."""
        proof = self.door.answer(fd)
        if proof is None:
            return
        if not self._served.patience():
            self.door.refuse(fd, "the session is not there yet")
        elif self._next is not None:
            self.door.refuse(fd, "somebody else takes it up at this moment")
        elif not isinstance(proof, Takeover):
            self._go_on_with(fd, proof)
        elif reason := self._served.stays_with_owner():
            self.door.refuse(fd, reason)
        else:
            self._next = self.door.newcomers[fd], proof
            if self.link and not self.parting:
                self.part("replaced")

    def _let_in_another(self, newcomer: Newcomer, takeover: Takeover) -> None:
        """Who had the session has been told, and let go; its token is worth nothing any more."""
        fd = newcomer.connection.fileno()
        # It may have gone meanwhile, and its number be that of another one.
        if self.door.newcomers.get(fd) is newcomer:
            self.door.hand_over(fd, takeover)
            self._served.taken_over(self.channel.begin_anew())
            self._go_on_with(fd, Proof(takeover.epoch, 0, takeover.digest))

    def part(self, op: str) -> None:
        """Say this, and let go as soon as it was heard with all that was said before it: what is not
        acknowledged would be said once more, to the next.
        """
        self.say(op)
        self._let_go_at = time.monotonic() + HEARD_SECONDS

    @property
    def parting(self) -> bool:
        """Whether nothing more is to be said over this link."""
        return self._let_go_at is not None

    def _look_at_parting(self) -> None:
        if self._let_go_at is not None and (self.channel.idle or time.monotonic() >= self._let_go_at):
            self.let_go()
        if self._next is not None and self.link is None:
            following, self._next = self._next, None
            self._let_in_another(*following)

    def let_go(self) -> None:
        """Let what was said out as far as the link takes it now, and close it; it is waited for."""
        self.flush()
        self.lose()

    def _go_on_with(self, fd: int, proof: Proof) -> None:
        if self.link:
            self.lose()
        try:
            self.channel.attach(proof.received)
        except WireError as error:
            self.door.refuse(fd, str(error))
            return
        ends, leash = self.door.welcome(fd, proof.epoch, self.channel.received)
        self.link = tether(ends, leash, self.channel)
        self._ends_at = None

    # -------------------------------------------------------------------- end

    def close(self) -> None:
        """Nobody gets in any more."""
        self.door.close()

    def farewell(self) -> None:
        """Let the last words out and close the link."""
        if self.link:
            farewell(self.link)


class RoundTrip:
    """How long a word to the other side and its acknowledgement take together."""

    def __init__(self, linked: Linked) -> None:
        self._linked = linked
        self._number = 0
        self._sent_at = 0.0
        self._wanted: list[Callable[[float | None], None]] = []

    def measure(self, then: Callable[[float | None], None]) -> None:
        """Call ``then`` with the seconds, None where there is no link."""
        if self._linked.link is None:
            then(None)
            return
        if not self._wanted:
            # Commands are acknowledged at once, also such as nobody understands.
            self._linked.say("echo")
            self._linked.flush()
            self._number, self._sent_at = self._linked.channel.last_number, time.monotonic()
        self._wanted.append(then)

    def look(self) -> None:
        """See whether it is back."""
        if not self._wanted:
            return
        back = self._linked.channel.acknowledged >= self._number
        if back or self._linked.link is None:
            seconds = time.monotonic() - self._sent_at if back else None
            wanted, self._wanted = self._wanted, []
            for then in wanted:
                then(seconds)
