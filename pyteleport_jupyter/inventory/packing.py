"""A session made ready for the move the way the user's options say, and what is to be said about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.errors import TooLarge
from pyteleport_jupyter.inventory import confidential, rates
from pyteleport_jupyter.inventory.selection import Selection, chooser
from pyteleport_jupyter.inventory.stock import names_of_shell
from pyteleport_jupyter.inventory.verdicts import opened_again, without_graph
from pyteleport_jupyter.objects import Leaving, Outlet, Pickled
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.quantities import bytes_in_words, seconds_in_words
from pyteleport_jupyter.session import Place, current_place, take_snapshot
from pyteleport_jupyter.session.logging_items import what_becomes_of_logs
from pyteleport_jupyter.session.snapshot import Around, Root

NAMED = 4
"""Most objects named in the line of progress."""

FAST = 50e6
"""Bytes per second from which on nobody is asked, whatever the size."""

Ask = Callable[[str], str | None]


@dataclass(frozen=True)
class Packed:
    """The snapshot, and sentences that the user reads in the line of progress."""

    pickled: Pickled
    notes: tuple[str, ...]


def pack_session(
    shell: Any,
    cell: Any,
    place: Place,
    options: Options,
    around: Callable[[], Around] | None = None,
    outlet: Outlet | None = None,
) -> Packed:
    """The session of ``shell`` as it goes to ``place``. Raises as ``take_snapshot``, and NamesNeeded,
    OptionWrong.
    """
    here, names = current_place().host, names_of_shell(shell)
    select = chooser(Selection(options.exclude, options.only), shell.user_ns, names, here)
    secret: list[str] = []
    opened: list[str] = []
    valued: list[str] = []

    def choose(root: Root) -> None:
        select(root)
        own = {name: value for name, value in root["namespace"].items() if name not in names}
        secret.extend(confidential.look_secret(own))
        opened.extend(opened_again(own))
        valued.extend(without_graph(own))

    leaving = Leaving(here) if options.leave else None
    pickled = take_snapshot(shell, cell, place, choose, leaving, around=around, outlet=outlet)
    notes = [*_notes(pickled, secret, opened, here), *what_becomes_of_logs(shell)]
    if valued:
        notes.append(f"travel as values, without the graph behind them: {_first(valued)}")
    return Packed(pickled, tuple(notes))


def _notes(pickled: Pickled, secret: list[str], opened: list[str], here: str) -> Iterator[str]:
    if pickled.left:
        paths = [refusal.path for refusal in pickled.left]
        count = "1 object stays" if len(paths) == 1 else f"{len(paths)} objects stay"
        yield f"{count} on {here}: {_first(paths)}; %teleport plan shows all"
    if opened:
        yield f"opened again there: {_first(opened)}"
    if secret:
        yield confidential.in_words(secret)


def _first(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")


def check_size(nbytes: int, target: str, host: str, options: Options, ask: Ask) -> None:
    """Ask before much is sent over a link that an earlier move has shown to be slow.

    ``ask`` gives None where nobody can be asked. Raises TooLarge unless the answer is yes.
    """
    rate = rates.remembered(target)
    if options.limit is None or nbytes <= options.limit or rate is None or rate >= FAST:
        return
    facts = _facts(nbytes, rate, host)
    question = (
        f"{facts['size']} would travel to {host} at {facts['rate']}: about {facts['time']}. Go on? [y/N]"
    )
    if (ask(question) or "").strip().lower() not in ("y", "yes"):
        raise TooLarge(**facts)


def _facts(nbytes: int, rate: float, host: str) -> dict[str, str]:
    return {
        "size": bytes_in_words(nbytes),
        "rate": f"{bytes_in_words(int(rate))}/s",
        "time": seconds_in_words(nbytes / rate),
        "host": host,
    }


class Meter:
    """Measures the link while a session is shipped, and remembers what it has shown.

    At first the far side is still starting, and takes no more than what buffers hold, so the first seconds
    say nothing, unless they suffice. A slow link cannot be foreseen at a first move: after some seconds more
    it is called off, which costs nothing, and the next one asks.
    """

    START_SECONDS = 3.0
    SECONDS = 5.0
    """So long it takes to know a link."""

    def __init__(self, target: str, host: str, options: Options, clock: Callable[[], float]) -> None:
        self._target, self._host, self._options = target, host, options
        self._known = rates.remembered(target) is not None
        self._clock, self._began = clock, clock()
        self._base: tuple[float, int] | None = None

    def sent(self, nbytes: int, total: int) -> None:
        """``nbytes`` have left, of ``total`` in all. Raises TooLarge."""
        seconds = self._clock() - self._began
        if self._base is None and seconds >= self.START_SECONDS:
            self._base = seconds, nbytes
        if self._base is not None and not self._known and seconds - self._base[0] > self.SECONDS:
            self._known = True
            self._judge((nbytes - self._base[1]) / (seconds - self._base[0]), total)

    def done(self, nbytes: int) -> None:
        """All ``nbytes`` have left."""
        seconds = self._clock() - self._began
        if nbytes > FAST * seconds:
            rates.remember(self._target, nbytes, seconds)
        elif self._base is not None and seconds - self._base[0] > 1:
            rates.remember(self._target, nbytes - self._base[1], seconds - self._base[0])

    def _judge(self, rate: float, total: int) -> None:
        limit = self._options.limit
        if limit is not None and total > limit and rate < FAST:
            rates.remember(self._target, max(rates.FEWEST_BYTES, int(rate * 1000)), 1000.0)
            raise TooLarge(**_facts(total, rate, self._host))
