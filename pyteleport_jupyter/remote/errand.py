"""One cell of a session that stays elsewhere: its variables come, it runs, what it changed goes back."""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import CodeType
from typing import Any

from pyteleport_jupyter.companions import Companions
from pyteleport_jupyter.errors import PackageMissing, RestoreFailed, TeleportError
from pyteleport_jupyter.objects import Numbering
from pyteleport_jupyter.objects.changes import Watch
from pyteleport_jupyter.objects.ownership import unmarked
from pyteleport_jupyter.remote.errand_homeward import SHELLS, Homeward, Lasting, Outcome, is_dunder
from pyteleport_jupyter.remote.errand_modules import (
    is_of_module,
    of_modules,
    set_in_modules,
)
from pyteleport_jupyter.remote.errand_objects import leave_unfinished, rebuild
from pyteleport_jupyter.remote.errand_order import ErrandOrder
from pyteleport_jupyter.remote.errand_stops import Stops
from pyteleport_jupyter.session.anchors import SessionAnchors, anchors
from pyteleport_jupyter.session.item import Phase
from pyteleport_jupyter.session.table import items_of, restore_items
from pyteleport_jupyter.shipping import Fingerprints

PAYLOADS = ("page", "set_next_input")
"""Sources of payloads that concern the cell (IPython/core/payload.py); others would end the session."""


async def run(
    kernel: Any, order: ErrandOrder, parts: Sequence[Any], lasting: Lasting, prints: Fingerprints
) -> Homeward:
    """Run the cell of ``order`` with what is in ``parts``: a pickle stream, the surroundings, buffers, whose
    memory ``prints`` knows as far as it was here already.

    Raises TeleportError if the cell could not begin, KeyboardInterrupt.
    """
    shell, numbering, stayed = kernel.shell, Numbering(), lasting.stayed
    live = anchors(shell)
    with _in_our_words(order.host):
        _surround(shell, parts[1], lasting)
        arrived = _arrive(shell, live, parts, numbering)
        variables = {name: value for name, value in arrived.items() if not is_of_module(name)}
        set_in_modules({n: value for n, value in arrived.items() if is_of_module(n)}, lasting.own)
    for name in variables.keys() & stayed.keys():
        del stayed[name]
    _furnish(shell, {**stayed, **variables})
    watch = Watch(numbering, live, prints)
    before = {**shell.user_ns, **of_modules(lasting.own)}
    homeward = Homeward(live, numbering, order, lasting)
    with _stoppable(shell, lasting.stops):
        outcome = await _execute(kernel, order)
    homeward.take(before, watch, outcome)
    return homeward


def _surround(shell: Any, surroundings: Any, lasting: Lasting) -> None:
    """Directory, environment, module path ... as they are where the session is."""
    # What arrives here was sent by the session that this process works for.
    plain = pickle.loads(surroundings)  # noqa: S301
    with lasting.told.telling():
        restore_items(shell, plain, items_of(Phase.SURROUNDINGS))
    companions: Companions | None = plain.get("own modules")
    if companions is not None:
        lasting.own = companions.loaded
        _forget_edited(companions)


def _arrive(shell: Any, live: SessionAnchors, parts: Sequence[Any], numbering: Numbering) -> dict[str, Any]:
    """The variables that the cell needs."""
    stream, _, *buffers = parts
    _furnish(shell, {})
    root = rebuild(shell, stream, buffers, live, numbering)
    leave_unfinished(numbering.objects)
    return unmarked(root["namespace"])


@contextmanager
def _in_our_words(host: str) -> Iterator[None]:
    """What fails within the block is a TeleportError about ``host``."""
    try:
        yield
    except TeleportError as error:
        raise type(error)(**{**error.facts, "host": host}) from error
    except ModuleNotFoundError as error:
        raise PackageMissing(packages=error.name or error, host=host) from error
    except Exception as error:
        raise RestoreFailed(reason=f"{type(error).__name__}: {error}", host=host) from error


def _forget_edited(told: Companions) -> None:
    """Own modules whose source was edited since they were imported here are imported anew."""
    for name, source in told.sources.items():
        spec = getattr(sys.modules.get(name), "__spec__", None)
        imported = getattr(spec.loader, "source", source) if spec else source
        if imported.content != source.content:
            del sys.modules[name]


def _furnish(shell: Any, variables: Mapping[str, Any]) -> None:
    """The namespace of the cell: what a fresh shell has, and its variables."""
    keep = {name: value for name, value in shell.user_ns.items() if is_dunder(name) or name in SHELLS}
    shell.user_ns.clear()
    shell.user_ns.update(keep)
    shell.init_user_ns()
    shell.user_ns["_oh"].clear()
    shell.user_ns.update(variables)


@contextmanager
def _stoppable(shell: Any, stops: Stops) -> Iterator[None]:
    """If a Stop came before the user's code, and whoever caught it has said nothing, the code is stopped."""
    real, show = shell.run_code, shell.showtraceback

    def showtraceback(*arguments: Any, **names: Any) -> None:
        stops.trim(sys.exception())
        show(*arguments, **names)

    def run_code(code: CodeType, result: Any = None, *, async_: bool = False) -> Coroutine[Any, Any, bool]:
        # Not a coroutine function itself: that would be a frame of ours in tracebacks.
        shell.__dict__.pop("run_code", None)
        if stops.asked:
            code, async_ = compile("raise KeyboardInterrupt", code.co_filename, "exec"), False
        begun: Coroutine[Any, Any, bool] = real(code, result, async_=async_)
        return begun

    shell.run_code, shell.showtraceback = run_code, showtraceback
    try:
        yield
    finally:
        shell.__dict__.pop("run_code", None)
        shell.__dict__.pop("showtraceback", None)


async def _execute(kernel: Any, order: ErrandOrder) -> Outcome:
    shell = kernel.shell
    outcome = Outcome()
    shell.execution_count = order.count
    shell._last_traceback = None
    with _result_noted(shell, outcome, order.code), _numbered_as_shown(shell):
        began = time.perf_counter()
        reply = await kernel._execute(
            order.code, False, False, None, order.allow_stdin, cell_meta={}, cell_id=order.cell_id
        )
        outcome.seconds = time.perf_counter() - began
    outcome.payload = [each for each in reply.get("payload") or () if each.get("source") in PAYLOADS]
    outcome.traceback = list(shell._last_traceback or []) if outcome.error is not None else []
    sys.stdout.flush()
    sys.stderr.flush()
    return outcome


@contextmanager
def _result_noted(shell: Any, outcome: Outcome, code: str) -> Iterator[None]:
    """IPython hands its result to callbacks only; the kernel makes words of it."""
    hook = shell.displayhook
    real = hook.update_user_ns
    quiet = _ends_quietly(shell, code)

    def note(result: Any) -> None:
        outcome.error = outcome.raised = result.error_before_exec or result.error_in_exec

    def show(value: Any) -> None:
        # Called for what is displayed: ``x;`` has a result too, but is none.
        outcome.result = (value,)
        real(value)

    hook.update_user_ns, hook.quiet = show, lambda: quiet
    shell.events.register("post_run_cell", note)
    try:
        yield
    finally:
        shell.events.unregister("post_run_cell", note)
        del hook.update_user_ns, hook.quiet


@contextmanager
def _numbered_as_shown(shell: Any) -> Iterator[None]:
    """Tracebacks call the cell by the number at its results. IPython 9 counts on before a cell runs, which
    the session has done, and takes the count for its name where no history is stored.
    """
    real = shell.compile.cache

    def cache(code: str, number: int = 0, *more: Any, **names: Any) -> Any:
        return real(code, shell.displayhook.prompt_count, *more, **names)

    shell.compile.cache = cache
    try:
        yield
    finally:
        del shell.compile.cache


def _ends_quietly(shell: Any, code: str) -> bool:
    """Whether a semicolon at its end silences the cell. IPython would look for it in the history."""
    with suppress(Exception):
        return bool(shell.displayhook.semicolon_at_end_of_expression(shell.transform_cell(code)))
    return False
