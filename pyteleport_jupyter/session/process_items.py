"""Items that belong to the process: streams, hooks, warnings, random numbers.

What a running cell may have swapped (``redirect_stdout``, ``%%capture``, ``catch_warnings``) is set when the
cell goes on: its frames hold what they will put back, and that must be the very object which is in place.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import TYPE_CHECKING, Any

from pyteleport_jupyter import user_hooks
from pyteleport_jupyter.session.item import Item, Phase

if TYPE_CHECKING:
    from pyteleport_jupyter.session.running_cell import RunningCell


def capture_random_numbers(shell: Any, cell: RunningCell | None) -> dict[str, Any]:
    """State of the global generators of ``random``, numpy and torch, as far as they are in use."""
    random, numpy_random = sys.modules.get("random"), sys.modules.get("numpy.random")
    states = {}
    if random is not None:
        states["random"] = random.getstate()
    if numpy_random is not None:
        states["numpy"] = numpy_random.get_state()
    if (torch := sys.modules.get("torch")) is not None:
        states["torch"] = torch.get_rng_state()
    return states


def restore_random_numbers(shell: Any, states: dict[str, Any]) -> None:
    """Go on in the same sequences."""
    if "random" in states:
        import random

        random.setstate(states["random"])
    if "numpy" in states:
        import numpy

        numpy.random.set_state(states["numpy"])
    if "torch" in states:
        torch: Any = importlib.import_module("torch")
        torch.set_rng_state(states["torch"])


def capture_arguments(shell: Any, cell: RunningCell | None) -> list[str]:
    """``sys.argv``, the very list."""
    return sys.argv


def restore_arguments(shell: Any, arguments: list[str]) -> None:
    """Set it."""
    sys.argv = arguments


def capture_main_module(shell: Any, cell: RunningCell | None) -> Any:
    """The module ``__main__``: the user module, or under ``%run`` a script's."""
    return sys.modules["__main__"]


def restore_main_module(shell: Any, module: Any) -> None:
    """Set it."""
    sys.modules["__main__"] = module


_WARNING_FUNCTIONS = ("filters", "showwarning", "_showwarnmsg_impl")


def capture_warnings(shell: Any, cell: RunningCell | None) -> dict[str, Any]:
    """The warning filters, and what shows warnings."""
    return {name: getattr(warnings, name) for name in _WARNING_FUNCTIONS}


def restore_warnings(shell: Any, captured: dict[str, Any]) -> None:
    """Set them, and make the interpreter forget what it knew of earlier filters (CPython
    warnings.catch_warnings does so too).
    """
    for name, value in captured.items():
        setattr(warnings, name, value)
    warnings._filters_mutated()  # type: ignore[attr-defined]


def capture_arithmetic(shell: Any, cell: RunningCell | None) -> dict[str, Any]:
    """decimal's context and numpy's treatment of floating point errors, both of the Context of the running
    cell; whether torch notes what is computed (``with torch.no_grad()``), and its usual type.
    """
    state: dict[str, Any] = {}
    if "decimal" in sys.modules:
        state["decimal"] = sys.modules["decimal"].getcontext()
    if "numpy" in sys.modules:
        state["numpy"] = sys.modules["numpy"].geterr()
    if (torch := sys.modules.get("torch")) is not None:
        state["torch"] = (torch.is_grad_enabled(), torch.get_default_dtype())
    return state


def restore_arithmetic(shell: Any, state: dict[str, Any]) -> None:
    """Set them in the current Context."""
    if "decimal" in state:
        import decimal

        decimal.setcontext(state["decimal"])
    if "numpy" in state:
        import numpy

        numpy.seterr(**state["numpy"])
    if "torch" in state:
        torch: Any = importlib.import_module("torch")
        gradients, dtype = state["torch"]
        torch.set_grad_enabled(gradients)
        torch.set_default_dtype(dtype)


def capture_streams(shell: Any, cell: RunningCell | None) -> dict[str, Any]:
    """stdout and stderr: the kernel's, or what stands in for them now."""
    return {"stdout": sys.stdout, "stderr": sys.stderr}


def restore_streams(shell: Any, streams: dict[str, Any]) -> None:
    """Set them."""
    sys.stdout, sys.stderr = streams["stdout"], streams["stderr"]


def capture_display(shell: Any, cell: RunningCell | None) -> dict[str, Any]:
    """What displays: hook, publisher, and how deep the traps are nested that swap the hook and the builtins.

    ``run_line_magic`` frames below the top user frame do not travel, so the level they added must not either.
    """
    magic_levels = cell.magic_levels if cell else 0
    return {
        "hook": sys.displayhook,
        "publisher": shell.display_pub,
        "display level": shell.display_trap._nested_level,
        "builtin level": shell.builtin_trap._nested_level - magic_levels,
    }


def restore_display(shell: Any, display: dict[str, Any]) -> None:
    """Set them; called inside the traps of the ``run_cell`` that goes on, which are active already."""
    sys.displayhook = display["hook"]
    shell.display_pub = display["publisher"]
    shell.display_trap._nested_level = display["display level"]
    shell.builtin_trap._nested_level = display["builtin level"]


def capture_shown_result(shell: Any, cell: RunningCell | None) -> dict[str, Any]:
    """Where the display hook notes what it showed: the result of a cell which the running one runs, or its
    own.
    """
    noted = shell.displayhook.exec_result
    return {} if cell is not None and noted is cell.result else {"result": noted}


def restore_shown_result(shell: Any, captured: dict[str, Any]) -> None:
    """The running cell has a new result there, which IPython has set already."""
    if "result" in captured:
        shell.displayhook.exec_result = captured["result"]


ITEMS: tuple[Item, ...] = (
    Item(
        "user hooks",
        Phase.ARRIVAL,
        lambda *_: user_hooks.capture(),
        lambda _, state: user_hooks.restore(state),
    ),
    Item("random numbers", Phase.ARRIVAL, capture_random_numbers, restore_random_numbers),
    Item("arguments", Phase.RESUME, capture_arguments, restore_arguments),
    Item("main module", Phase.RESUME, capture_main_module, restore_main_module),
    Item("warnings", Phase.RESUME, capture_warnings, restore_warnings),
    Item("arithmetic", Phase.RESUME, capture_arithmetic, restore_arithmetic),
    Item("streams", Phase.CELL, capture_streams, restore_streams),
    Item("display", Phase.CELL, capture_display, restore_display),
    Item("shown result", Phase.CELL, capture_shown_result, restore_shown_result),
)
