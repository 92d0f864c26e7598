"""Items that the user sees as variables: the namespace, In and Out, and what keeps count of them."""

from __future__ import annotations

import importlib
from typing import Any

from pyteleport_jupyter.session.item import Item, Phase
from pyteleport_jupyter.session.running_cell import RunningCell

NOT_CARRIED = frozenset({"__builtins__", "__builtin__", "__loader__", "__spec__", "__package__"})
"""Names that the interpreter there sets for its own user module."""

MAKERS_OF_ARRAYS = frozenset({"numpy", "pandas", "polars", "pyarrow", "scipy", "torch", "xarray"})

HISTORY_ROWS = 5000
"""Most input lines put into the history database there, newest kept; it answers the up-arrow key of consoles.
"""

_INPUT_SHORTCUTS = ("_i00", "_i", "_ii", "_iii")
_OUTPUT_SHORTCUTS = ("_", "__", "___")


def travelling_namespace(shell: Any) -> dict[str, Any]:
    """The user's variables, in their order. What the shell put there itself is in it too, and travels by
    name.
    """
    return {name: value for name, value in shell.user_ns.items() if name not in NOT_CARRIED}


def arrays_last(namespace: dict[str, Any]) -> dict[str, Any]:
    """The same, in the order in which it is pickled: what is made of small objects can be made while the
    arrays are still on their way. What the shell puts there in each cell (``_``, ``_i7``) is behind what
    stays as it is, so that the same is written again.
    """
    last = {name: value for name, value in namespace.items() if _is_bulky(type(value))}
    return dict(sorted(namespace.items(), key=lambda item: (item[0] in last, item[0].startswith("_"))))


def _is_bulky(kind: type) -> bool:
    return str(kind.__module__).partition(".")[0] in MAKERS_OF_ARRAYS


def restore_namespace(shell: Any, namespace: dict[str, Any]) -> None:
    """The one dict of the user module gets exactly these variables, in this order."""
    own = {name: value for name, value in shell.user_ns.items() if name in NOT_CARRIED}
    shell.user_ns.clear()
    shell.user_ns.update(own)
    shell.user_ns.update(namespace)


def capture_hidden_names(shell: Any, cell: RunningCell | None) -> list[str]:
    """Names that ``%who`` leaves out. The shell compares by identity: one that was assigned anew is not
    hidden.
    """
    hidden = shell.user_ns_hidden
    return [name for name in hidden if name in shell.user_ns and hidden[name] is shell.user_ns[name]]


def restore_hidden_names(shell: Any, names: list[str]) -> None:
    """Hide the restored objects under these names."""
    shell.user_ns_hidden.update({name: shell.user_ns[name] for name in names if name in shell.user_ns})


def capture_outputs(shell: Any, cell: RunningCell | None) -> dict[str, Any]:
    """Out, ``_`` and its kin, and what IPython >= 9 keeps of every cell's output and exception."""
    history = shell.history_manager
    return {
        "results": dict(history.output_hist),
        "representations": dict(history.output_hist_reprs),
        "shortcuts": {name: getattr(shell.displayhook, name, None) for name in _OUTPUT_SHORTCUTS},
        "outputs": _plain_outputs(getattr(history, "outputs", {})),
        "exceptions": dict(getattr(history, "exceptions", {})),
        "directories": list(history.dir_hist),
    }


def _plain_outputs(outputs: dict[int, list[Any]]) -> dict[int, list[tuple[str, dict[str, Any]]]]:
    """Without IPython's class for them, which IPython 8 on the other side does not have."""
    return {number: [(shown.output_type, shown.bundle) for shown in row] for number, row in outputs.items()}


def _history_outputs(plain: dict[int, list[tuple[str, dict[str, Any]]]]) -> dict[int, list[Any]]:
    history: Any = importlib.import_module("IPython.core.history")
    return {number: [history.HistoryOutput(*shown) for shown in row] for number, row in plain.items()}


def restore_outputs(shell: Any, captured: dict[str, Any]) -> None:
    """Fill the history manager's own containers: ``Out`` is one of them."""
    history = shell.history_manager
    _refill(history.output_hist, captured["results"])
    _refill(history.output_hist_reprs, captured["representations"])
    if hasattr(history, "outputs"):
        _refill(history.outputs, _history_outputs(captured["outputs"]))
        _refill(history.exceptions, captured["exceptions"])
    history.dir_hist[:] = captured["directories"]
    for name, value in captured["shortcuts"].items():
        setattr(shell.displayhook, name, value)


def _refill(container: dict[Any, Any], content: dict[Any, Any]) -> None:
    container.clear()
    container.update(content)


def capture_inputs(shell: Any, cell: RunningCell | None) -> dict[str, Any]:
    """In, ``_i`` and its kin, and the prompt number."""
    history = shell.history_manager
    number = cell.execution_count if cell else shell.execution_count
    own_row = 1 if cell and cell.stores_history else 0
    names = [name for name in shell.user_ns if name in _INPUT_SHORTCUTS or name == f"_i{number}"]
    return {
        "parsed": list(history.input_hist_parsed),
        "raw": list(history.input_hist_raw),
        "shortcuts": {name: getattr(history, name) for name in _INPUT_SHORTCUTS},
        "variables": {name: shell.user_ns[name] for name in names},
        "number": number,
        "nested": max(0, len(history.input_hist_parsed) - own_row - number) if cell else 0,
    }


def restore_inputs(shell: Any, captured: dict[str, Any]) -> None:
    """Called while the cell runs again, after ``run_cell_async`` has stored it once more and counted: set
    both straight.

    Cells that the cell itself ran and stored (``run_cell``) have taken prompt numbers of their own.
    """
    history = shell.history_manager
    history.input_hist_parsed[:] = captured["parsed"]
    history.input_hist_raw[:] = captured["raw"]
    for name, text in captured["shortcuts"].items():
        setattr(history, name, text)
    for name, text in captured["variables"].items():
        shell.user_ns[name] = text
    shell.execution_count += captured["nested"]


def capture_input_rows(shell: Any, cell: RunningCell | None) -> list[tuple[int, str, str]]:
    """The inputs before the running cell, as (prompt number, transformed, raw)."""
    history = shell.history_manager
    number = cell.execution_count if cell else shell.execution_count
    rows = list(zip(range(number), history.input_hist_parsed, history.input_hist_raw, strict=False))
    return rows[1:][-HISTORY_ROWS:]


def restore_input_rows(shell: Any, rows: list[tuple[int, str, str]]) -> None:
    """Queue them for this session's history database (in memory there: nothing is left on its disk)."""
    shell.history_manager.db_input_cache.extend(rows)


def capture_prompt_number(shell: Any, cell: RunningCell | None) -> int:
    """Number of the running cell, or of the next one."""
    return int(cell.execution_count if cell else shell.execution_count)


def restore_prompt_number(shell: Any, number: int) -> None:
    """The cell that goes on, or the next one, gets this number."""
    shell.execution_count = number


ITEMS: tuple[Item, ...] = (
    Item("hidden names", Phase.ARRIVAL, capture_hidden_names, restore_hidden_names),
    Item("outputs", Phase.ARRIVAL, capture_outputs, restore_outputs),
    Item("input rows", Phase.ARRIVAL, capture_input_rows, restore_input_rows),
    Item("prompt number", Phase.ARRIVAL, capture_prompt_number, restore_prompt_number),
    Item("inputs", Phase.RESUME, capture_inputs, restore_inputs),
)
