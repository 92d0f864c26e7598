"""The other end of :mod:`.embedding`: the program goes on with a prompt in its midst, as IPython made it."""

from __future__ import annotations

import atexit
import builtins
import functools
import itertools
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from IPython.core.interactiveshell import make_main_module_type
from IPython.terminal.embed import InteractiveShellEmbed, KillEmbedded

from pyteleport_jupyter.companions import show_lines
from pyteleport_jupyter.errors import RestoreFailed
from pyteleport_jupyter.frames import Stack, check_running_code, resume_code
from pyteleport_jupyter.scripts import exit_handlers
from pyteleport_jupyter.scripts.items import restore_signals, restore_timers
from pyteleport_jupyter.scripts.restore import introduce_main
from pyteleport_jupyter.terminals.embedding import GLOBALS, EmbeddedSettings, Embedding, outwards


class EmbeddedPrompt:
    """What the program calls in place of IPython (implements ``frames.Within``).

    ``begin`` opens the prompt, with the cell that goes on as its first line.
    """

    def __init__(self, shell: Any, settings: EmbeddedSettings) -> None:
        self.shell = shell
        self.settings = settings
        self._own = (shell.user_module, shell.user_ns, shell.compile.flags)
        self._globals: Any = vars(sys.modules["__main__"]) if GLOBALS is None else GLOBALS({}, {})
        self._begin: Callable[[], object] = _nothing
        self.embedding: Embedding
        _lay_out(shell, self._globals)

    @property
    def stack(self) -> Stack:
        """The cell's frames are IPython's to call."""
        return Stack(())

    def take(self, embedding: Embedding) -> None:
        """The program has arrived. Raises CodeDiffers."""
        for path, text in embedding.lines.items():
            show_lines(path, text)
        main = sys.modules["__main__"]
        introduce_main(main, embedding.main, embedding.lines)
        check_running_code(embedding.stack)
        own = {"__builtins__": builtins}
        dict.update(self._globals, own | embedding.globals)
        if GLOBALS is not None:
            self._globals._module_dict = embedding.module
            self._globals._local_ns = self.shell.user_ns
            self._globals._snapshot = own | embedding.snapshot
        self.embedding = embedding

    def go_on(self, begin: Callable[[], object]) -> list[tuple[CodeType, dict[str, Any]]]:
        """See :meth:`..scripts.restore.Restored.go_on`."""
        self._begin, embedding = begin, self.embedding
        exit_handlers.restore(embedding.handlers["exit"])
        restore_signals(embedding.handlers["signals"])
        restore_timers(embedding.handlers["timers"])
        embedding.stack.within = self
        names = vars(sys.modules["__main__"])
        return [(code, names) for code in (resume_code(embedding.stack, None), *embedding.rest)]

    def enter(self, value: object, arrived: Callable[[], object] | None) -> Callable[[], object]:
        """See ``frames.Within``."""
        return functools.partial(_converse, self)

    def open(self) -> None:
        """From now on the user sits at it."""
        self._begin()

    def leave(self, caller: FrameType) -> None:
        """As IPython leaves it (IPython/terminal/embed.py, ``mainloop``, ``__call__`` and ``embed``)."""
        shell, hidden = self.shell, self.shell.user_ns_hidden
        names: Any = self._variables(caller)
        if names is not None:
            names.update({name: value for name, value in shell.user_ns.items() if name not in hidden})
            if GLOBALS is not None:
                self._globals.sync_to_module()
        shell.user_module, shell.user_ns, shell.compile.flags = self._own
        # Before its history is closed, for which IPython has put itself down earlier than for this.
        atexit.register(shell._atexit_once)
        print(self.settings.exit_message)
        if shell.should_raise:
            raise KillEmbedded("Embedded IPython raising error, as user requested.")
        if self.settings.temporary:
            InteractiveShellEmbed.clear_instance()
            for name, text in self.settings.prompts:
                setattr(sys, name, text)

    def _variables(self, caller: FrameType) -> Any:
        depth = self.embedding.depth
        if depth is None:
            return self.embedding.local_ns
        return next(itertools.islice(outwards(caller), depth, None)).f_locals


def _converse(embedded_prompt: EmbeddedPrompt) -> None:
    """The parameter's name is how the next move finds it (:class:`.embedding.Site`)."""
    embedded_prompt.open()
    shell = embedded_prompt.shell
    shell.set_completer_frame()
    with shell.builtin_trap, shell.display_trap:
        shell.interact()
    embedded_prompt.leave(sys._getframe(1))


def make_embedded(settings: EmbeddedSettings, **traits: Any) -> Any:
    """A shell as ``IPython.embed()`` makes it. Raises RestoreFailed."""
    if settings.has_globals != (GLOBALS is not None):
        raise RestoreFailed(reason="IPython there embeds in another way: it must have the same version")
    started, called = settings.locations
    InteractiveShellEmbed._inactive_locations.update(settings.inactive)
    shell = InteractiveShellEmbed.instance(_init_location_id=started, **traits)
    shell._call_location_id = called
    shell.loop_runner = settings.runner
    shell.exit_msg = settings.exit_message
    return shell


def _lay_out(shell: Any, around: dict[str, Any]) -> None:
    """The namespaces of an embedded shell, still without variables."""
    if GLOBALS is None:
        shell.user_module = sys.modules["__main__"]
    else:
        shell.user_module = make_main_module_type(around)()
    shell.user_ns = {}
    shell.init_user_ns()


def _nothing() -> None:
    """Until it goes on there is no prompt."""
