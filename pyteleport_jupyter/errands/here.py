"""``%%teleport HOST`` in the cell that asked for it: one host and waiting, several, or in the background."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from IPython.core.error import UsageError

from pyteleport_jupyter import errors
from pyteleport_jupyter.errands.errand import Errand, Wish
from pyteleport_jupyter.errands.front import Front, front_of
from pyteleport_jupyter.errands.handle import Handle, Results
from pyteleport_jupyter.errands.outputs import NO_MORE_INPUT, Outputs
from pyteleport_jupyter.errands.talk import Ask, stops_go_to
from pyteleport_jupyter.errands.tracebacks import show_as
from pyteleport_jupyter.errors import ErrandFailed, ErrandsFailed, TeleportError
from pyteleport_jupyter.settings import options_for
from pyteleport_jupyter.targets import parse_target

HOSTS_LIMIT = 64
"""Most hosts of one cell."""


def run_cell(shell: Any, hosts: Sequence[str], wish: Wish) -> None:
    """Run the cell of ``wish`` on one host, as if it had run here. Raises what the cell raises, or
    TeleportError."""
    front = front_of(shell)
    errand = _errand(shell, hosts[0], wish, front, front.ask)
    _run(errand, front.outputs(errand.report))
    with in_one_sentence():
        errand.unpack()
    with in_one_sentence("stopped when all that came back was here already"):
        errand.settle()
    if errand.arrived is None:
        with in_one_sentence():
            _raise(errand.failure)
    else:
        remember_value(shell, errand.arrived.result)
    _raise(errand.failure)


def _run(errand: Errand, outputs: Outputs) -> None:
    with in_one_sentence():
        try:
            errand.begin()
            with stops_go_to(errand.request):
                errand.follow(outputs)
        except BaseException as failure:
            errand.abandon(failure)
            raise


def run_in_background(shell: Any, hosts: Sequence[str], wish: Wish) -> Handle:
    """Begin the cell of ``wish`` on all hosts, and return while it runs."""
    front = front_of(shell)
    handle = Handle(_begun(shell, hosts, wish, front), front.between_cells)
    handle.follow()
    return handle


def run_on_several(shell: Any, hosts: Sequence[str], wish: Wish) -> Results:
    """Run the cell of ``wish`` on all hosts at the same time; the results by host. Raises ErrandsFailed when
    it failed on some of them: the others' results are ``_`` then."""
    handle = run_in_background(shell, hosts, wish)
    handle.wait_stoppable()
    results = handle.settled()
    if results.errors:
        remember_value(shell, (results,))
        rows = "".join(f"\n{host}: {type(e).__name__}: {e}" for host, e in results.errors.items())
        raise ErrandsFailed(rows=rows, others=", ".join(results) or "none")
    return results


def _begun(shell: Any, hosts: Sequence[str], wish: Wish, front: Front) -> dict[str, Errand]:
    """An errand for each host, begun; one that could not be begun has failed, and does not hold up the
    others."""
    if len(hosts) > HOSTS_LIMIT:
        raise UsageError(f"%%teleport: a cell runs on at most {HOSTS_LIMIT} hosts")
    several = len(hosts) > 1
    errands: dict[str, Errand] = {}
    for host in dict.fromkeys(hosts):
        errand = _errand(shell, host, wish, front, _cannot_ask)
        errand.outputs = front.beside(host if several else "")
        errands[host] = errand
        try:
            errand.begin(guarded=True)
        except (KeyboardInterrupt, UsageError):
            for begun in errands.values():
                begun.abandon(KeyboardInterrupt())
            raise
        except Exception:
            if not several:
                _raise(errand.failure)
    return errands


def _errand(shell: Any, host: str, wish: Wish, front: Front, ask: Ask) -> Errand:
    if wish.said is not None:
        wish = replace(wish, options=options_for(host, **wish.said))
    target = parse_target(host, wish.options)
    return Errand(shell, target, wish, front.report(target.host, wish.options.quiet), ask)


def remember_value(shell: Any, result: tuple[Any, ...]) -> None:
    """The value of the last expression, shown already, becomes ``_`` and ``Out[n]``."""
    if result:
        shell.displayhook.update_user_ns(result[0])


def _cannot_ask(prompt: str, secret: bool) -> str:
    return NO_MORE_INPUT


@contextmanager
def in_one_sentence(stop: str = "stopped, nothing was changed here") -> Iterator[None]:
    """Whatever goes wrong on our side is one of our errors, without our frames; Stop stays what it is."""
    try:
        yield
    except KeyboardInterrupt:
        # Without the frames of ours in which it came.
        stopped = KeyboardInterrupt()
        show_as(stopped, [f"KeyboardInterrupt: {stop}"])
        raise stopped from None
    except (TeleportError, UsageError) as ours:
        _raise(ours)
    except Exception as error:
        failure = ErrandFailed(host="the other machine", reason=f"{type(error).__name__}: {error}")
        failure.__cause__ = error
        _raise(failure)


def _raise(failure: BaseException | None) -> None:
    if failure is None:
        return
    if isinstance(failure, TeleportError) and not errors.show_tracebacks:
        failure.__context__ = failure.__cause__ = None
        raise failure.with_traceback(None) from None
    raise failure
