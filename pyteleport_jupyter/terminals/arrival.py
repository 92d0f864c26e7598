"""The other end of the road: a shell in a fresh process, with the session that came, and its prompt."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import CodeType, SimpleNamespace
from typing import Any

from IPython.core.async_helpers import get_asyncio_loop

from pyteleport_jupyter.homecoming import history
from pyteleport_jupyter.remote.resume import replace_start
from pyteleport_jupyter.scripts.arrived import LET_COME, SHELL_MARK
from pyteleport_jupyter.scripts.restore import new_main
from pyteleport_jupyter.session import Restored, restore_snapshot
from pyteleport_jupyter.session.anchors import anchors
from pyteleport_jupyter.session.snapshot import AROUND
from pyteleport_jupyter.terminals import past
from pyteleport_jupyter.terminals.embedded import EmbeddedPrompt
from pyteleport_jupyter.terminals.prompt import PromptSettings, fill_past, make_shell, open_prompt
from pyteleport_jupyter.terminals.telling import say_end_of_cell, say_home


@dataclass
class ArrivedTerminal:
    """A session that has arrived at a terminal and waits to go on. ``home``: what its process noted on the
    day of departure, None elsewhere.
    """

    shell: Any
    settings: PromptSettings
    restored: Restored
    home: dict[str, Any] | None
    embedded: EmbeddedPrompt | None = None

    @property
    def prompts(self) -> bool:
        """Whether the interpreter's own prompt follows: it may be where IPython was embedded."""
        return self.embedded is not None and self.embedded.embedding.prompts

    def go_on(self, value: object) -> list[tuple[CodeType, dict[str, Any]]]:
        """The code that is the session from now on, and its namespace."""
        self.restored.value = value
        if self.embedded is not None:
            return self.embedded.go_on(self._begin)
        code = compile("run()", "<pyteleport>", "exec")
        return [(code, {"run": self._run})]

    def _run(self) -> None:
        self._begin()
        self.shell.mainloop()

    def _begin(self) -> None:
        if self.home is None:
            past.tell_home(self.shell)
        else:
            # Before the prompt, which reads the history, and writes what waits to be written for that.
            history.go_on(self.shell, self.home["history"])
            say_home()
        if self.settings.copied:
            _tell_end_of_cell(self.shell)
        open_prompt(self.shell, self.settings)
        _type_first(self.shell, self.restored)


def _tell_end_of_cell(shell: Any) -> None:
    """Once, to whoever has made this copy."""

    def tell(result: Any) -> None:
        shell.events.unregister("post_run_cell", tell)
        say_end_of_cell(result.success)

    shell.events.register("post_run_cell", tell)


def _type_first(shell: Any, restored: Restored) -> None:
    """The prompt's first line is the cell that goes on, without being asked for: so the frames under it are
    those of any cell.
    """
    cell = restored.cell
    if cell is None:
        return
    raw_cell, separator, prompt = cell.raw_cell, shell.separate_in, vars(shell).get("prompt_for_code")
    shell.separate_in = ""

    def first() -> str:
        shell.separate_in = separator
        del shell.prompt_for_code
        if prompt is not None:
            shell.prompt_for_code = prompt
        replace_start(shell, restored, _signals_held)
        return raw_cell

    shell.prompt_for_code = first


def _signals_held() -> Callable[[], object]:
    """They wait in the signal mask since this process was started."""
    return LET_COME


def restore(
    stream: bytes | bytearray | memoryview,
    buffers: Sequence[Any],
    host: str,
    home: dict[str, Any] | None = None,
) -> ArrivedTerminal:
    """Rebuild the session in ``stream``. Raises PackageMissing, CodeDiffers or RestoreFailed."""
    header, *rest = buffers
    # What arrives here was sent by the session's first host, which this process works for.
    settings: PromptSettings = pickle.loads(memoryview(header)[len(SHELL_MARK) :])  # noqa: S301
    noted = None if home is None else home.get("shell")
    file = past.MEMORY if noted is None else noted["history"]["file"]
    if settings.embedded is not None:
        new_main()
    shell = make_shell(settings, file, noted)
    embedded = None if settings.embedded is None else EmbeddedPrompt(shell, settings.embedded)
    if noted is None:
        fill_past(shell, settings.past)
    # The streams are the process's own now; user code that arrives may have swapped them.
    anchors(shell)

    async def restore_here() -> Restored:
        arrived = restore_snapshot(SimpleNamespace(shell=shell), stream, rest, host)
        if embedded is not None:
            embedded.take(arrived.items.pop(AROUND))
        return arrived

    # What waits in a loop is rebuilt in the one that the shell's cells run in.
    restored = get_asyncio_loop().run_until_complete(restore_here())
    for each in (sys.stdout, sys.stderr):
        each.flush()
    return ArrivedTerminal(shell, settings, restored, noted, embedded)
