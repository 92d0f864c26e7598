"""Items that a frontend, or a plot on its way to one, holds the other end of: figures, widgets, comms,
subshells, ports.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import comm

from pyteleport_jupyter.errors import RestoreFailed
from pyteleport_jupyter.session.item import Item, Phase
from pyteleport_jupyter.session.running_cell import RunningCell
from pyteleport_jupyter.session.shell_items import MACHINERY, defining_package

SUBSHELL_SECONDS = 10.0
"""Longest wait for the shell-channel thread to make the subshells anew."""


def capture_plot_parameters(shell: Any, cell: RunningCell | None) -> dict[str, Any] | None:
    """matplotlib's rcParams that differ from the defaults; the backend travels on its own."""
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is None or not hasattr(matplotlib, "rcParams"):
        return None
    defaults = matplotlib.rcParamsDefault
    names = [name for name in matplotlib.rcParams if name in defaults and "backend" not in name]
    return {name: matplotlib.rcParams[name] for name in names if matplotlib.rcParams[name] != defaults[name]}


def restore_plot_parameters(shell: Any, parameters: dict[str, Any]) -> None:
    """Set them; what is not among them has its default."""
    import matplotlib

    defaults = matplotlib.rcParamsDefault
    reset = {name: defaults[name] for name in defaults if "backend" not in name and name not in parameters}
    matplotlib.rcParams.update({**reset, **parameters})


def capture_figures(shell: Any, cell: RunningCell | None) -> list[tuple[int, Any]] | None:
    """pyplot's open figures with their numbers, the active one last (matplotlib/_pylab_helpers.py, Gcf)."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None or not helpers.Gcf.figs:
        return None
    return [(number, manager.canvas.figure) for number, manager in helpers.Gcf.figs.items()]


def restore_figures(shell: Any, figures: list[tuple[int, Any]]) -> None:
    """Unpickled figures have registered themselves, numbered as they came in: give them their numbers."""
    from matplotlib._pylab_helpers import Gcf

    managers = {id(manager.canvas.figure): manager for manager in Gcf.figs.values()}
    Gcf.figs.clear()
    for number, figure in figures:
        manager = managers[id(figure)]
        manager.num = number
        Gcf._set_new_active_manager(manager)


def capture_plotted(shell: Any, cell: RunningCell | None) -> bool | None:
    """Whether pyplot was used since the last ``%run``, which would draw (IPython.core.pylabtools)."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return getattr(getattr(pyplot, "draw_if_interactive", None), "called", None)


def restore_plotted(shell: Any, plotted: bool) -> None:
    """Say so; figures that arrived may have said otherwise."""
    drawing: Any = getattr(sys.modules.get("matplotlib.pyplot"), "draw_if_interactive", None)
    if hasattr(drawing, "called"):
        drawing.called = plotted


def capture_widgets(shell: Any, cell: RunningCell | None) -> list[Any] | None:
    """All live ipywidgets; each takes its model id, its observers and its comm along."""
    widgets = sys.modules.get("ipywidgets.widgets.widget")
    return list(widgets._instances.values()) if widgets else None


def restore_widgets(shell: Any, widgets: list[Any]) -> None:
    """Widgets have registered themselves with new comms, without telling the frontend."""
    connect_comms(shell)


def connect_comms(shell: Any) -> None:
    """A comm learns of its kernel when it first sends (ipykernel, ``BaseComm.publish_msg``), and a widget
    sends nothing before its comm has one (ipywidgets, ``Widget.notify_change``): tell it now.
    """
    for open_comm in _comm_manager().comms.values():
        if getattr(open_comm, "kernel", shell.kernel) is None:
            open_comm.kernel = shell.kernel


def capture_comms(shell: Any, cell: RunningCell | None) -> dict[str, Any]:
    """Open comms that are not a widget's, by id."""
    return {key: open_comm for key, open_comm in _comm_manager().comms.items() if not _is_widgets(open_comm)}


def restore_comms(shell: Any, comms: dict[str, Any]) -> None:
    """Register them; the frontend knows them already, so nothing is sent."""
    _comm_manager().comms.update(comms)


def _comm_manager() -> Any:
    return comm.get_comm_manager()


def _is_widgets(open_comm: Any) -> bool:
    return str(open_comm.target_name).startswith("jupyter.widget")


def capture_comm_targets(shell: Any, cell: RunningCell | None) -> dict[str, Any]:
    """What the user registered for comms that frontends open, by target name."""
    targets = _comm_manager().targets
    return {name: target for name, target in targets.items() if defining_package(target) not in MACHINERY}


def restore_comm_targets(shell: Any, targets: dict[str, Any]) -> None:
    """Register them."""
    _comm_manager().targets.update(targets)


def capture_ports(shell: Any, cell: RunningCell | None) -> dict[str, int] | None:
    """The ports that frontends were told; ``connect_request`` must go on to answer with them."""
    return dict(shell.kernel._recorded_ports or {}) if hasattr(shell, "kernel") else None


def restore_ports(shell: Any, ports: dict[str, int]) -> None:
    """Answer with these."""
    shell.kernel.record_ports(ports)


def _subshell_manager(shell: Any) -> Any | None:
    """ipykernel >= 7 only."""
    thread = getattr(getattr(shell, "kernel", None), "shell_channel_thread", None)
    return thread.manager if thread is not None else None


def capture_subshells(shell: Any, cell: RunningCell | None) -> list[str] | None:
    """Ids of the subshells that frontends made."""
    manager = _subshell_manager(shell)
    return (manager.list_subshell() or None) if manager else None


def restore_subshells(shell: Any, ids: list[str]) -> None:
    """Make subshells with the same ids; raises RestoreFailed where this ipykernel cannot."""
    manager = _subshell_manager(shell)
    if manager is None:
        raise RestoreFailed(
            reason="this session has subshells, and ipykernel there has none (7 or later has)"
        )
    if not hasattr(manager, "_on_recv_callback"):
        # At home the kernel is started only when the session is there; its start says the same once more.
        manager._on_recv_callback = shell.kernel.shell_main
    done = threading.Event()
    shell.kernel.shell_channel_thread.io_loop.add_callback(_make_subshells, manager, ids, done)
    if not done.wait(SUBSHELL_SECONDS):
        raise RestoreFailed(reason="the subshells could not be made again")


def _make_subshells(manager: Any, ids: list[str], done: threading.Event) -> None:
    # Runs in the shell-channel thread, the only one that may call _create_subshell.
    for subshell_id in ids:
        with _next_uuid(subshell_id):
            manager._create_subshell()
    done.set()


@contextmanager
def _next_uuid(text: str) -> Iterator[None]:
    """ipykernel has no way to choose a subshell's id: it takes ``str(uuid.uuid4())``."""
    module: Any = sys.modules["ipykernel.subshell_manager"]
    real = module.uuid
    module.uuid = _Uuids(text)
    try:
        yield
    finally:
        module.uuid = real


class _Uuids:
    """Stands in for the module uuid as ``ipykernel.subshell_manager`` sees it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def uuid4(self) -> str:
        return self.text


ITEMS: tuple[Item, ...] = (
    Item("plot parameters", Phase.ARRIVAL, capture_plot_parameters, restore_plot_parameters),
    Item("figures", Phase.ARRIVAL, capture_figures, restore_figures),
    Item("plotted", Phase.ARRIVAL, capture_plotted, restore_plotted),
    Item("widgets", Phase.ARRIVAL, capture_widgets, restore_widgets),
    Item("comms", Phase.ARRIVAL, capture_comms, restore_comms),
    Item("comm targets", Phase.ARRIVAL, capture_comm_targets, restore_comm_targets),
    Item("ports", Phase.ARRIVAL, capture_ports, restore_ports),
    Item("subshells", Phase.ARRIVAL, capture_subshells, restore_subshells),
)
