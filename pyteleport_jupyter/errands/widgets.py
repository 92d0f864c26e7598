"""Widgets that a cell elsewhere has made: what front ends say to them goes there.

A widget lives where it was made. Here stands a comm in its place, which passes on what comes from the front
ends; what it says itself passes through the cell's outputs, or :meth:`Widgets.hear` when no cell runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import comm

from pyteleport_jupyter.errands.outputs import Outputs
from pyteleport_jupyter.wire.lanes import Lane

if TYPE_CHECKING:
    from pyteleport_jupyter.errands.line import Heard, Line

COMMS = ("comm_open", "comm_msg", "comm_close")
COMMS_LIMIT = 10_000
"""Most widgets of one kernel that are passed on to."""


class Widgets:
    """Those of one kept kernel. ``line`` is set as soon as there is one."""

    def __init__(self, outputs: Outputs) -> None:
        self.line: Line | None = None
        self._outputs = outputs
        self._known: set[str] = set()

    def hear(self, heard: Heard) -> None:
        """Something that belongs to no cell of ours: said by a widget in answer to a front end."""
        kind = heard.message["header"]["msg_type"]
        if heard.lane is Lane.IOPUB and kind in COMMS:
            self._outputs.show(kind, heard.message)

    def note(self, kind: str, message: dict[str, Any]) -> None:
        """A cell of ours has shown ``message``; a widget that is new is to be reached from now on."""
        identity = str(message["content"].get("comm_id", ""))
        if kind == "comm_open" and identity and len(self._known) < COMMS_LIMIT:
            self._known.add(identity)
            comm.get_comm_manager().register_comm(_Stand(identity, self))
        elif kind == "comm_close" and identity in self._known:
            self._known.discard(identity)
            comm.get_comm_manager().comms.pop(identity, None)

    def pass_on(self, message: dict[str, Any]) -> None:
        """What a front end says to a widget."""
        if self.line is not None and self.line.over is None:
            self.line.pass_on(Lane.SHELL, message)


class _Stand:
    """Takes the place of a comm in the comm manager (comm/base_comm.py, ``CommManager.comm_msg``)."""

    def __init__(self, comm_id: str, widgets: Widgets) -> None:
        self.comm_id = comm_id
        self._widgets = widgets

    def handle_msg(self, message: dict[str, Any]) -> None:
        self._widgets.pass_on(message)

    def handle_close(self, message: dict[str, Any]) -> None:
        self._widgets.pass_on(message)
