"""A terminal's session as one pickle: that of :mod:`..session`, and in front of it how its prompt is set."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from functools import partial
from types import FrameType
from typing import Any

from IPython.terminal.embed import InteractiveShellEmbed

from pyteleport_jupyter.inventory.packing import pack_session
from pyteleport_jupyter.objects.placed_files import contents_travelling
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.remote.orders import TERMINAL
from pyteleport_jupyter.scripts.arrived import SHELL_MARK
from pyteleport_jupyter.scripts.snapshot import Luggage
from pyteleport_jupyter.session import Place, find_running_cell, modules_in_use
from pyteleport_jupyter.terminals import embedding
from pyteleport_jupyter.terminals.embedding import Site
from pyteleport_jupyter.terminals.ground import check_cell, check_shell
from pyteleport_jupyter.terminals.prompt import settings_of

NEEDED = ("IPython", "comm")
"""What the prompt itself needs there."""


@dataclass(frozen=True)
class Packed:
    """What moves, and sentences for the user."""

    luggage: Luggage
    notes: tuple[str, ...]


def pack(shell: Any, place: Place, options: Options, frame: FrameType | None, copied: bool = False) -> Packed:
    """The session of ``shell`` as it goes to ``place``, or a copy of it; ``frame``: see
    :func:`..departure.depart_at`.

    Raises NotInCell, FrameRefused, ObjectsRefused, NamesNeeded or OptionWrong, with nothing changed.
    """
    check_shell(shell)
    cell = check_cell(find_running_cell(shell, frame, at_instruction=frame is not None))
    site = Site(shell, cell) if isinstance(shell, InteractiveShellEmbed) else None
    around = None if site is None else partial(embedding.capture, shell, site)
    with contents_travelling(options.with_files):
        packed = pack_session(shell, cell, place, options, around)
    settings = replace(settings_of(shell), copied=copied)
    if site is not None:
        settings = replace(settings, embedded=embedding.settings_of(shell, site))
    header = memoryview(SHELL_MARK + pickle.dumps(settings))
    pickled = replace(packed.pickled, buffers=(header, *packed.pickled.buffers))
    modules = tuple(sorted({*modules_in_use(shell, packed.pickled), *NEEDED}))
    return Packed(Luggage(pickled, modules, homeward=True, kind=TERMINAL), packed.notes)
