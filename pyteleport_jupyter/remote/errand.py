"""One cell of a session that stays elsewhere: its variables come, it runs, what it changed goes back."""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Collection, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import CodeType, ModuleType
from typing import Any

from pyteleport_jupyter.companions import Companions
from pyteleport_jupyter.errors import ObjectsRefused, PackageMissing, RestoreFailed, TeleportError
from pyteleport_jupyter.objects import Numbering, Pickled, dump, load
from pyteleport_jupyter.objects.changes import Change, Changes, Watch
from pyteleport_jupyter.objects.ownership import unmarked
from pyteleport_jupyter.remote.errand_modules import (
    changed_in_modules,
    deleted_in_modules,
    is_of_module,
    of_modules,
    set_in_modules,
)
from pyteleport_jupyter.remote.errand_order import ErrandOrder
from pyteleport_jupyter.remote.errand_stops import Stops
from pyteleport_jupyter.remote.errand_surroundings import ToldSurroundings
from pyteleport_jupyter.session.anchors import SessionAnchors, anchors
from pyteleport_jupyter.session.frontend_items import connect_comms
from pyteleport_jupyter.session.item import Phase
from pyteleport_jupyter.session.table import items_of, restore_items
from pyteleport_jupyter.shipping import Fingerprints

VALUE = "_"
"""Under this name the value of the last expression is asked for."""

PAYLOADS = ("page", "set_next_input")
"""Sources of payloads that concern the cell (IPython/core/payload.py); others would end the session."""


@dataclass(frozen=True)
class Homebound:
    """What goes back: the parts of a pickle, and plain facts for the report."""

    parts: tuple[memoryview, ...]
    facts: dict[str, Any]

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(part.nbytes for part in self.parts)


@dataclass
class Outcome:
    """How the cell ended. ``result`` holds the value of its last expression, if it had one; ``error`` is what
    was ``raised``, if that can travel.
    """

    raised: BaseException | None = None
    error: BaseException | None = None
    result: tuple[Any, ...] = ()
    traceback: list[str] = field(default_factory=list)
    seconds: float = 0.0
    payload: list[dict[str, Any]] = field(default_factory=list)
    """What the frontend is to do: show a help page, set the next cell."""


@dataclass
class Lasting:
    """What lasts from cell to cell: variables that could not go back have ``stayed``, surroundings that were
    ``told``; ``own`` are the modules that the session has loaded and that are its own."""

    stops: Stops
    own: tuple[str, ...] = ()
    told: ToldSurroundings = field(default_factory=ToldSurroundings)
    stayed: dict[str, Any] = field(default_factory=dict)


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
    loaded = load(bytes(stream), buffers, live, numbering)
    for step in loaded.deferred:
        step()
    connect_comms(shell)
    return unmarked(loaded.root["namespace"])


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
    keep = {name: value for name, value in shell.user_ns.items() if _is_dunder(name) or name in _SHELLS}
    shell.user_ns.clear()
    shell.user_ns.update(keep)
    shell.init_user_ns()
    shell.user_ns["_oh"].clear()
    shell.user_ns.update(variables)


_SHELLS = frozenset(
    {"get_ipython", "exit", "quit", "open", "In", "Out", "_ih", "_oh", "_dh", "_i", "_ii", "_iii"}
)


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


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def is_users(name: str) -> bool:
    """Whether a name of the namespace is none of the shell's own."""
    if _is_dunder(name) or name in _SHELLS or name in ("_", "__", "___"):
        return False
    return not (name.startswith("_") and name.lstrip("_i").isdigit())


class Homeward:
    """Packs what goes back; what cannot, stays."""

    def __init__(self, live: SessionAnchors, numbering: Numbering, order: ErrandOrder, lasting: Lasting):
        self._live = live
        self._numbering = numbering
        self._order = order
        self._stayed = lasting.stayed
        self._own = lasting.own
        self._known: list[Any] = []
        self._changed: list[Change] = []
        self._deleted: list[str] = []
        self._namespace: dict[str, Any] = {}
        self._imports: dict[str, str] = {}
        self._outcome = Outcome()
        self._reasons: dict[str, str] = {}

    def take(self, before: Mapping[str, Any], watch: Watch, outcome: Outcome) -> None:
        """Find what the cell has changed."""
        self._outcome = outcome
        if outcome.error is None or self._order.keep:
            changes = watch.changes()
            self._changed = changes.changed
            self._take_namespace(before, changes)
            if self._order.outputs is not None:
                self._limit(self._order.outputs)
            self._numbering.forget(changes.replaced)
        self._known = self._numbering.objects

    def _take_namespace(self, before: Mapping[str, Any], changes: Changes) -> None:
        now, absent = self._live.namespace, object()
        for name, value in now.items():
            is_new = before.get(name, absent) is not value or id(value) in changes.replaced
            if not is_users(name) or not is_new:
                continue
            if isinstance(value, ModuleType) and sys.modules.get(value.__name__) is value:
                # By name: it need not be installed where the session is. It is there for the next cell.
                self._imports[name] = value.__name__
                self._stayed[name] = value
            else:
                self._namespace[name] = value
        in_modules = of_modules(self._own)
        self._namespace |= changed_in_modules(before, in_modules, changes.replaced)
        in_notebook = (name for name in before if not is_of_module(name))
        self._deleted = [name for name in in_notebook if name not in now and is_users(name)]
        self._deleted += deleted_in_modules(before, in_modules)

    def _limit(self, outputs: Sequence[str]) -> None:
        """Only these names, and what hangs on them; what the cell made besides is there for the next cell."""
        self._stay({n: value for n, value in self._namespace.items() if n not in outputs})
        self._namespace = {n: value for n, value in self._namespace.items() if n in outputs}
        self._imports = {n: module for n, module in self._imports.items() if n in outputs}
        self._deleted = [name for name in self._deleted if name in outputs]
        ids = self._reached({n: value for n, value in self._live.namespace.items() if n in outputs})
        self._changed = [change for change in self._changed if id(change[0]) in ids]
        if VALUE not in outputs:
            self._outcome.result = ()

    def _stay(self, variables: Mapping[str, Any]) -> None:
        """For the next cell; those of modules stay where they are."""
        self._stayed.update({n: value for n, value in variables.items() if not is_of_module(n)})

    def _reached(self, variables: dict[str, Any]) -> set[int]:
        """The ``id`` of all that hangs on them, as far as it can be followed."""
        reached: set[int] = set()
        for name, value in variables.items():
            numbering = Numbering()
            with suppress(ObjectsRefused):
                dump({"namespace": {name: value}}, self._live, {}, numbering)
            reached.update(map(id, numbering.objects))
        return reached

    def pack(self, without: Collection[str] = ()) -> Homebound:
        """All as one pickle, which begins with the numbers of what is there already. What needs one of the
        packages ``without`` stays."""
        pickled = None if without else self._dump_all()
        if pickled is None:
            self._leave_what_cannot_go(frozenset(without))
            pickled = self._dump(self._namespace, self._changed, self._outcome.result, self._outcome.error)
        error = self._outcome.raised
        facts = {
            "seconds": self._outcome.seconds,
            "deleted": self._deleted,
            "imports": self._imports,
            "packages": sorted({name.partition(".")[0] for name in pickled.modules}),
            "stayed": self._reasons,
            "traceback": self._outcome.traceback,
            "payload": self._outcome.payload,
            "error": None if error is None else _in_words(error),
        }
        return Homebound((memoryview(pickled.stream), *pickled.buffers), facts)

    def _dump_all(self) -> Pickled | None:
        try:
            return self._dump(self._namespace, self._changed, self._outcome.result, self._outcome.error)
        except ObjectsRefused:
            return None

    def _dump(self, namespace: Any, changed: list[Change], result: Any, error: Any) -> Pickled:
        self._numbering.objects = self._known
        items = {"changed": changed, "result": result, "error": error}
        return dump({"stack": None, "namespace": namespace, "items": items}, self._live, {}, self._numbering)

    def _leave_what_cannot_go(self, without: frozenset[str]) -> None:
        """One object that cannot travel costs one variable, not all."""
        for name, value in list(self._namespace.items()):
            if reason := self._obstacle(without, namespace={name: value}):
                self._stay({name: self._namespace.pop(name)})
                self._reasons[name] = reason
        for change in self._changed[:]:
            if reason := self._obstacle(without, changed=[change]):
                self._changed.remove(change)
                self._reasons[f"what is new in a {type(change[0]).__name__}"] = reason
        if reason := self._obstacle(without, result=self._outcome.result):
            self._outcome.result = ()
            self._reasons["the value of the cell"] = reason
        if self._obstacle(without, error=self._outcome.error):
            self._outcome.error = None

    def _obstacle(
        self,
        without: frozenset[str],
        namespace: Mapping[str, Any] | None = None,
        changed: Sequence[Change] = (),
        result: tuple[Any, ...] = (),
        error: BaseException | None = None,
    ) -> str:
        """Why this cannot go back, empty if it can."""
        try:
            pickled = self._dump(dict(namespace or {}), list(changed), result, error)
        except ObjectsRefused as refused:
            return (
                "; ".join(str(row) for row in refused.refusals) or str(refused.facts.get("rows", "")).strip()
            )
        lacking = sorted(without & {name.partition(".")[0] for name in pickled.modules})
        return f"{', '.join(lacking)} is not installed where the session is" if lacking else ""


def _in_words(error: BaseException) -> dict[str, str]:
    return {"name": type(error).__name__, "text": str(error)[:10_000]}
