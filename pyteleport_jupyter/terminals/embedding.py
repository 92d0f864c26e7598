"""IPython embedded in a program (``IPython.embed()``): the program around the prompt moves with it.

The program's own frames travel as those of a script do, the cell's as those of a session. What IPython has
between them is made anew by :class:`.embedded.EmbeddedPrompt`, as asyncio's part is for a loop.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, Final

from IPython.core import interactiveshell as core
from IPython.terminal import embed
from IPython.terminal.embed import InteractiveShellEmbed
from IPython.terminal.interactiveshell import TerminalInteractiveShell

from pyteleport_jupyter import loops
from pyteleport_jupyter.errors import NotInCell
from pyteleport_jupyter.frames import Stack
from pyteleport_jupyter.frames.layout import RawFrame, exception_below
from pyteleport_jupyter.scripts import exit_handlers
from pyteleport_jupyter.scripts.items import capture_signals, capture_timers
from pyteleport_jupyter.scripts.main_module import MainModule, main_module
from pyteleport_jupyter.scripts.program import find_program
from pyteleport_jupyter.scripts.snapshot import text_of_program
from pyteleport_jupyter.session import RunningCell
from pyteleport_jupyter.session.namespace_items import NOT_CARRIED

INTERACT: Final[CodeType] = TerminalInteractiveShell.interact.__code__

GLOBALS: Final[Any] = getattr(embed, "_EmbedGlobals", None)
"""From IPython 9.5 on the prompt's functions see the caller's variables through a dict of this class."""

PROMPTS = ("ps1", "ps2")


@dataclass(frozen=True)
class EmbeddedSettings:
    """How the shell was made, as plain data. ``temporary``: by ``IPython.embed()``, which unmakes it.

    ``runner`` runs its cells (a key of ``loop_runner_map``); ``locations`` and ``inactive`` are what
    ``%kill_embedded`` compares.
    """

    temporary: bool
    runner: str
    exit_message: str
    has_globals: bool
    locations: tuple[str, str] = ("", "")
    inactive: tuple[str, ...] = ()
    prompts: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, eq=False)
class Embedding:
    """The program around a prompt (implements ``session.snapshot.Around``), and where the two touch.

    ``depth``: the frame whose variables the prompt has, counted outwards from the innermost of ``stack``;
    ``local_ns``: these variables, where they are not a frame's; ``globals`` and ``snapshot``: of
    :data:`GLOBALS`; ``module``: the dict around which that was made.
    """

    stack: Stack
    rest: tuple[CodeType, ...]
    prompts: bool
    main: MainModule
    lines: dict[str, str]
    depth: int | None
    local_ns: dict[str, Any] | None
    globals: dict[str, Any]
    snapshot: dict[str, Any]
    module: dict[str, Any]
    handlers: dict[str, Any] = field(default_factory=dict)


class Site:
    """Where in the stack a cell's prompt is embedded."""

    def __init__(self, shell: Any, cell: RunningCell) -> None:
        self.cell = cell
        interact = next(frame for frame in outwards(cell.root) if frame.f_code is INTERACT)
        if interact.f_locals.get("self") is not shell:
            raise NotInCell(reason="another IPython runs around this one: leave one of them")
        self._machinery = list(_machinery(interact))
        caller = self._machinery[-1].f_back
        if caller is None:
            raise NotInCell(reason="nothing calls the prompt")
        self.caller: FrameType = caller
        """The frame of the program that called IPython."""

    def local_of(self, name: str, default: Any = None) -> Any:
        """A variable of IPython's frames, or of ours, between prompt and program; the innermost one's."""
        found = (frame.f_locals for frame in self._machinery if frame.f_code not in (INTERACT,))
        return next((names[name] for names in found if name in names), default)

    @property
    def temporary(self) -> bool:
        """Whether ``IPython.embed()`` has made the shell."""
        before = self.local_of("embedded_prompt")
        if before is not None:
            return bool(before.settings.temporary)
        function: Any = embed.embed
        return any(frame.f_code is function.__code__ for frame in self._machinery)

    def variables(self) -> tuple[int | None, dict[str, Any] | None]:
        """See :class:`Embedding`: depth and local_ns."""
        before = self.local_of("embedded_prompt")
        if before is not None:
            return before.embedding.depth, before.embedding.local_ns
        names, frame = self.local_of("local_ns"), self.local_of("call_frame")
        if frame is not None and (isinstance(names, _ProxyType) or names is frame.f_locals):
            return next(number for number, each in enumerate(outwards(self.caller)) if each is frame), None
        return None, names


def _type_of_frames_variables() -> type:
    """From 3.13 on those of a function are a view of its frame, before they are a dict."""
    return type(sys._getframe().f_locals)


_ProxyType: Final[Any] = () if sys.version_info < (3, 13) else _type_of_frames_variables()


def outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """The frame, who called it, and so on."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def _machinery(interact: FrameType) -> Iterator[FrameType]:
    """Frames of IPython and of ours around the prompt, up to the program's own."""
    ours = {"IPython", __name__.partition(".")[0]}
    for frame in outwards(interact):
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] not in ours:
            return
        yield frame


def settings_of(shell: Any, site: Site) -> EmbeddedSettings:
    """How the shell of ``site`` was made."""
    names = {runner: name for name, (runner, _) in core.InteractiveShell.loop_runner_map.items()}
    before = site.local_of("embedded_prompt")
    found = {name: site.local_of(name) for name in PROMPTS} if before is None else before.settings.prompts
    return EmbeddedSettings(
        site.temporary,
        names.get(shell.loop_runner, "sync"),
        shell.exit_msg or "",
        GLOBALS is not None,
        (shell._init_location_id, shell._call_location_id),
        tuple(InteractiveShellEmbed._inactive_locations),
        tuple((name, text) for name, text in dict(found).items() if text is not None),
    )


def capture(shell: Any, site: Site) -> Embedding:
    """The program around the prompt. Raises FrameRefused, NotInProgram."""
    program = find_program(site.caller)
    base = exception_below(_generators(site))
    stack = loops.capture_stack(program.top, program.root, base)
    depth, local_ns = site.variables()
    around = shell.user_global_ns
    return Embedding(
        stack,
        program.rest,
        program.prompts and not program.flagged,
        main_module(),
        text_of_program(),
        depth,
        local_ns,
        _carried(around),
        _carried(getattr(around, "_snapshot", {})),
        getattr(around, "_module_dict", around),
        _handlers(),
    )


def _generators(site: Site) -> list[object]:
    """The coroutines between prompt and cell, and those of the cell, from the inside."""
    interact = site._machinery[0]
    inside = []
    for frame in outwards(site.cell.top):
        if frame is interact:
            break
        inside.append(RawFrame.of(frame).generator)
    return [each for each in inside if each is not None]


def _carried(names: dict[str, Any]) -> dict[str, Any]:
    # A dict's own view: that of GLOBALS shows the caller's variables too.
    return {name: value for name, value in dict.items(names) if name not in NOT_CARRIED}


def _handlers() -> dict[str, Any]:
    return {"exit": exit_handlers.capture(), "signals": capture_signals(), "timers": capture_timers()}
