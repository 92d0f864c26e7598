"""The relay's duties as a process, behind one face: signals, parent and children."""

from __future__ import annotations

import signal
from typing import Any, Protocol

from pyteleport_jupyter.relay.processes import (
    ENDING_SIGNALS,
    Parent,
    Signals,
    reap_children,
)


class Housekeeping(Protocol):
    """What the relay's loop asks about the process it runs in."""

    def reading(self) -> list[int]:
        """Descriptors to be watched for reading."""
        ...

    def interrupted(self) -> bool:
        """Whether :meth:`look` has noticed a SIGINT since the last call."""
        ...

    def look(self, ready: set[Any]) -> bool:
        """Do what is due; whether this process should end."""
        ...

    def ended_children(self) -> set[int]:
        """Take leave of the children that have ended."""
        ...


class ProcessHousekeeping:
    """Of a process that is nothing but a relay."""

    def __init__(self, signals: Signals, parent: Parent) -> None:
        self._signals = signals
        self._parent = parent
        self._noted: list[int] = []

    def reading(self) -> list[int]:
        """See :class:`Housekeeping`."""
        return [self._signals.read_fd]

    def interrupted(self) -> bool:
        """See :class:`Housekeeping`."""
        came = signal.SIGINT in self._noted
        self._noted = [number for number in self._noted if number != signal.SIGINT]
        return came

    def look(self, ready: set[Any]) -> bool:
        """See :class:`Housekeeping`."""
        if self._signals.read_fd in ready:
            self._noted += self._signals.numbers()
        return self._parent.gone or any(number in ENDING_SIGNALS for number in self._noted)

    def ended_children(self) -> set[int]:
        """See :class:`Housekeeping`."""
        return reap_children()
