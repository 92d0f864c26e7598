"""What ``--bg`` gives: the cell while it runs, its result when it is over."""

from __future__ import annotations

import copy
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pyteleport_jupyter.errands.agreement import agreed
from pyteleport_jupyter.errands.arrival import Arrived
from pyteleport_jupyter.errands.errand import Errand
from pyteleport_jupyter.objects import CannotMove
from pyteleport_jupyter.objects.changes import put
from pyteleport_jupyter.relay.interrupts import interrupts_postponed

LOOK_SECONDS = 0.2
"""How often a wait looks up, so that Stop gets through."""


class Results(dict[str, Any]):
    """The values of a cell's last expression by host.

    ``errors`` are the exceptions of the hosts on which it failed. ``variables`` are, by host, the values of
    those that several hosts, or a host and the session, have changed differently: none of them was taken.
    ``status`` is what a handle's would be.
    """

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[str, BaseException] = {}
        self.variables: dict[str, dict[str, Any]] = {}

    @property
    def status(self) -> str:
        """``done``, ``cancelled``, or ``failed`` (on at least one host: ``errors`` says on which)."""
        if any(isinstance(error, KeyboardInterrupt) for error in self.errors.values()):
            return "cancelled"
        return "failed" if self.errors else "done"

    def cancel(self) -> None:
        """Nothing, as for a handle whose cell is over."""


class Handle:
    """A cell on one or more hosts. What it changes is put into the session between cells, or when its
    :meth:`result` is asked for."""

    def __init__(
        self, errands: Mapping[str, Errand], between_cells: Callable[[Callable[[], object]], None]
    ) -> None:
        self._between_cells = between_cells
        self._errands = dict(errands)
        self._threads: list[threading.Thread] = []
        self._settling = threading.Lock()
        self._results: Results | None = None
        self._cancelled = False

    def follow(self) -> None:
        """Listen to all of them, each in a thread."""
        for host, errand in self._errands.items():
            if not errand.over.is_set():
                thread = threading.Thread(
                    target=self._follow, args=(errand,), name=f"errand on {host}", daemon=True
                )
                self._threads.append(thread)
        for thread in self._threads:
            thread.start()

    def _follow(self, errand: Errand) -> None:
        errand.follow(errand.outputs)
        errand.outputs.finish()
        if self.done:
            self._between_cells(self.settled)

    @property
    def done(self) -> bool:
        """Whether it is over on all hosts."""
        return all(errand.over.is_set() for errand in self._errands.values())

    @property
    def status(self) -> str:
        """``running``, ``done``, ``failed`` (on at least one host) or ``cancelled``."""
        if not self.done:
            return "running"
        if self._cancelled:
            return "cancelled"
        return "failed" if any(errand.failure for errand in self._errands.values()) else "done"

    def cancel(self) -> None:
        """Interrupt the cell there; asked a second time, end its kernel."""
        self._cancelled = True
        for errand in self._errands.values():
            errand.stop()

    def result(self, timeout: float | None = None) -> Any:
        """The value of the last expression, of several hosts all by host. Waits at most ``timeout`` seconds.

        Raises TimeoutError, and what the cell raised.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        for errand in self._errands.values():
            while not errand.over.wait(LOOK_SECONDS):
                if deadline is not None and time.monotonic() >= deadline:
                    raise TimeoutError(f"the cell is still running after {timeout} s")
        results = self.settled()
        if len(self._errands) > 1:
            return results
        for failure in results.errors.values():
            raise failure
        return next(iter(results.values()), None)

    @property
    def variables(self) -> dict[str, dict[str, Any]]:
        """Values by host of variables in conflict; see :class:`Results`."""
        return self.settled().variables if self.done else {}

    def wait_stoppable(self) -> None:
        """Until it is over; Stop stops the cell there."""
        before = signal.signal(signal.SIGINT, lambda *_: self.cancel())
        try:
            for errand in self._errands.values():
                while not errand.over.wait(LOOK_SECONDS):
                    pass
        finally:
            signal.signal(signal.SIGINT, before)

    def settled(self) -> Results:
        """Put what came back into the session, once; in the main thread, when it is over everywhere."""
        with self._settling:
            if self._results is None:
                for errand in self._errands.values():
                    errand.unpack()
                with interrupts_postponed():
                    self._results = _settle(self._errands)
            return self._results

    def __repr__(self) -> str:
        return f"<{', '.join(self._errands)}: {self.status}>"

    def __reduce__(self) -> Any:
        if self._results is None:
            raise CannotMove("its cell still runs, or its results were not taken: ask for .result() first")
        return _over, (self.status, list(self._errands), dict(self._results))


class Over:
    """What a handle is in a session that has moved: its results."""

    def __init__(self, status: str, hosts: list[str], results: dict[str, Any]) -> None:
        self.status = status
        self._hosts = hosts
        self._results = results

    def result(self, timeout: float | None = None) -> Any:
        """See :meth:`Handle.result`."""
        return self._results if len(self._hosts) > 1 else next(iter(self._results.values()), None)

    def __repr__(self) -> str:
        return f"<{', '.join(self._hosts)}: {self.status}>"


def _over(status: str, hosts: list[str], results: dict[str, Any]) -> Over:
    return Over(status, hosts, results)


def _settle(errands: Mapping[str, Errand]) -> Results:
    results = Results()
    came = {host: arrived for host, errand in errands.items() if (arrived := errand.unpack()) is not None}
    twice = _twice(arrived.names for arrived in came.values())
    twice -= agreed(came.values(), twice)
    changed_twice = _twice({id(obj) for obj, _, _ in arrived.changed} for arrived in came.values())
    # Asked of all before the first is settled: what that binds here is nobody's change.
    meanwhile = {name for errand in errands.values() for name in errand.conflicts()}
    for host, errand in errands.items():
        arrived = came.get(host)
        same = arrived.owners_of(changed_twice) if arrived else set()
        conflicts = (twice | same | meanwhile) & set(arrived.names if arrived else ())
        if arrived is not None:
            if conflicts:
                results.variables[host] = {name: _value(arrived, name) for name in sorted(conflicts)}
            errand.settle(conflicts)
            if arrived.error is None:
                results[host] = arrived.result[0] if arrived.result else None
        else:
            errand.settle()
        if errand.failure is not None:
            results.errors[host] = errand.failure
    return results


def _twice(found: Iterable[Iterable[Any]]) -> set[Any]:
    """What is in more than one of them."""
    counts = Counter(each for several in found for each in several)
    return {each for each, count in counts.items() if count > 1}


def _value(arrived: Arrived, name: str) -> Any:
    """What the variable was there: bound anew, or a copy of what was sent with the contents it had there.
    Functions and classes have no copies: they are what they are here."""
    if name in arrived.namespace:
        return arrived.namespace[name]
    value = arrived.sent.get(name)
    changes = [change for change in arrived.changed if change[0] is value]
    try:
        copied = copy.copy(value) if changes else value
        if copied is not value:
            for _, part, look in changes:
                put((copied, part, look))
    except Exception:
        # It cannot be copied: the contents that it had there are lost, but not what else has come.
        return value
    return copied
