"""The other end of a snapshot: unpickle it, set what can be set while the move may still be refused."""

from __future__ import annotations

import ast
import pickle
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from pyteleport_jupyter import user_hooks
from pyteleport_jupyter.carried import carrying
from pyteleport_jupyter.companions import Companions
from pyteleport_jupyter.errors import CodeDiffers, PackageMissing, RestoreFailed, TeleportError
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.frames import Stack, check_running_code, code_hash, resume_code
from pyteleport_jupyter.loops import finish_restore
from pyteleport_jupyter.objects import Loaded, Stream, load
from pyteleport_jupyter.objects.anchors import live_objects
from pyteleport_jupyter.objects.verification import differences
from pyteleport_jupyter.session.anchors import anchors
from pyteleport_jupyter.session.item import Phase
from pyteleport_jupyter.session.namespace_items import restore_namespace
from pyteleport_jupyter.session.own_modules import introduce_own_modules
from pyteleport_jupyter.session.place import set_place
from pyteleport_jupyter.session.snapshot import TravellingCell
from pyteleport_jupyter.session.table import items_of, restore_items


@dataclass
class Restored:
    """A session that has arrived and waits for its running cell to go on (``cell`` is None if none ran)."""

    cell: TravellingCell | None
    stack: Stack | None
    items: dict[str, Any]
    deferred: list[Callable[[], object]]
    differences: list[str] = field(default_factory=list)
    """Clauses on variables that are not as they were."""
    told: tuple[str, ...] = ()
    """What became of objects that are not what they were there."""
    value: object = None
    """What the interrupted call returns."""

    def settle(self, shell: Any) -> None:
        """Set what is left to be set; to be called in the Context that user code will run in."""
        phases = (Phase.RESUME,) if self.cell is None else (Phase.RESUME, Phase.CELL)
        restore_items(shell, self.items, items_of(*phases))
        for step in self.deferred:
            step()
        self.items, self.deferred = {}, []
        if self.cell is None:
            self._arrive_with_next_cell(shell)  # nobody may run code of the user here before the cut
        else:
            self._arrive()

    def _arrive(self) -> None:
        for words in self.told:
            print(f"pyteleport: {words}", file=sys.stderr)
        if self.differences:
            print(f"pyteleport: not as before the move: {', '.join(self.differences)}", file=sys.stderr)
        user_hooks.arrived()

    def _arrive_with_next_cell(self, shell: Any) -> None:
        def arrive(*_: Any) -> None:
            shell.events.unregister("pre_execute", arrive)
            self._arrive()

        shell.events.register("pre_execute", arrive)

    def take_code(self, arrived: Callable[[], object] | None = None) -> CodeType:
        """The code that goes on where the root frame was interrupted. Once only: it takes the frames' values
        with it. ``arrived``: see :func:`..frames.resume_code`.
        """
        if self.stack is None:
            raise RestoreFailed(reason="no cell was running")
        stack, self.stack = self.stack, None
        return resume_code(stack, self.value, arrived)


def restore_snapshot(kernel: Any, stream: Stream, buffers: Iterable[Any], host: str) -> Restored:
    """Make this kernel's session the one in ``stream``. ``host`` is the name of this machine for messages.

    Runs in the kernel's main thread. Raises PackageMissing, CodeDiffers or RestoreFailed; the kernel is then
    of no use.
    """
    try:
        return _restore(kernel.shell, stream, buffers)
    except TeleportError as error:
        raise type(error)(**{**error.facts, "host": host}) from error
    except ModuleNotFoundError as error:
        raise PackageMissing(packages=error.name or error, host=host) from error
    except Exception as error:
        raise RestoreFailed(reason=f"{type(error).__name__}: {error}", host=host) from error


def _restore(shell: Any, stream: Stream, buffers: Iterable[Any]) -> Restored:
    fault("load.object")
    # One by one: some may still be on their way.
    arrays = iter(buffers)
    surroundings = next(arrays)
    # What arrives here was sent by the session's first host, which this process works for.
    plain: dict[str, Any] = pickle.loads(surroundings)  # noqa: S301
    restore_items(shell, plain, items_of(Phase.SURROUNDINGS))
    own: Companions = plain["own modules"]
    with carrying(own.loaded):
        return _rebuild(shell, load(stream, arrays, anchors(shell)), own)


def _rebuild(shell: Any, loaded: Loaded, own: Companions) -> Restored:
    session, items = loaded.root, loaded.root["items"]
    restore_namespace(shell, {name: session["namespace"][name] for name in items["names"]})
    introduce_own_modules(own, items["modules"])
    finish_restore()
    set_place(items["place"])
    restore_items(shell, items, items_of(Phase.ARRIVAL))
    restored = Restored(items["cell"], session["stack"], items, list(loaded.deferred), told=loaded.told)
    restored.differences = differences(items["seen"], session["namespace"], live_objects(anchors(shell)))
    if restored.cell is None:
        restored.settle(shell)
    elif restored.stack is not None:
        check_running_code(restored.stack)
        _check_statement(shell, restored.cell, restored.stack)
    return restored


def _check_statement(shell: Any, cell: TravellingCell, stack: Stack) -> None:
    """The running statement, compiled here as IPython will, must be the code whose frame came along."""
    statement = cell.statements[0]
    tree: ast.AST = ast.Interactive([statement]) if cell.mode == "single" else ast.Module([statement], [])
    await_allowed = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if shell.autoawait else 0
    file_name = shell.compile.get_code_name(cell.raw_cell, cell.transformed_cell, cell.execution_count)
    with shell.compile.extra_flags(await_allowed):
        code = shell.compile(tree, file_name, cell.mode)
    if code_hash(code) != code_hash(stack.frames[-1].code):
        raise CodeDiffers(function="the cell", reason="its running statement compiles to other code there")
