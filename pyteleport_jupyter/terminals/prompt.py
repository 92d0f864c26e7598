"""IPython's prompt as data, and made of it: how it is set, and the lines that its keys find again."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import IPython.terminal.interactiveshell as terminal_module
from IPython.core.profiledir import ProfileDir, ProfileDirError
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from IPython.terminal.prompts import ClassicPrompts
from prompt_toolkit.history import InMemoryHistory
from traitlets import TraitError

from pyteleport_jupyter.remote.package_finder import served_from
from pyteleport_jupyter.scripts.streams import StreamSettings, capture_settings, restore_settings
from pyteleport_jupyter.terminals.embedded import make_embedded
from pyteleport_jupyter.terminals.embedding import EmbeddedSettings

TRAITS = (
    "auto_match", "autoformatter", "autosuggestions_provider", "confirm_exit", "display_completions",
    "editing_mode", "emacs_bindings_in_vi_insert_mode", "enable_history_search",
    "extra_open_editor_shortcuts", "highlight_matching_brackets", "highlighting_style_overrides",
    "history_load_length", "modal_cursor", "mouse_support", "prompt_includes_vi_mode",
    "prompt_line_number_format", "shortcuts", "simple_prompt", "space_for_menu", "term_title",
    "term_title_format", "timeoutlen", "true_color", "ttimeoutlen",
)  # fmt: skip
"""Settings of the prompt that mean the same anywhere (IPython/terminal/interactiveshell.py)."""

PAST_BYTES = 256 << 10
"""Most text of earlier sessions that goes along; it is for the up-arrow and Ctrl-R."""


@dataclass(frozen=True)
class PromptSettings:
    """``traits`` by name; ``past``: the lines of earlier sessions, oldest first; ``classic``: ``>>>``;
    ``copied``: this is a copy, whose maker is told when its cell is over.
    """

    traits: dict[str, Any] = field(default_factory=dict)
    past: tuple[str, ...] = ()
    classic: bool = False
    streams: dict[str, StreamSettings] = field(default_factory=dict)
    embedded: EmbeddedSettings | None = None
    copied: bool = False


def settings_of(shell: Any) -> PromptSettings:
    """How the prompt of ``shell`` is set; nothing in it but texts, numbers and truths."""
    found = {name: getattr(shell, name) for name in TRAITS if hasattr(shell, name)}
    plain = {name: value for name, value in found.items() if _is_plain(value)}
    return PromptSettings(
        plain, tuple(_past(shell)), isinstance(shell.prompts, ClassicPrompts), capture_settings()
    )


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(each) for pair in value.items() for each in pair)
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


def _past(shell: Any) -> list[str]:
    """The youngest lines of earlier sessions. A broken database must not keep the session here."""
    manager, lines, room = shell.history_manager, [], PAST_BYTES
    with suppress(Exception):
        rows = manager.get_tail(shell.history_load_length, raw=True, output=False, include_latest=False)
        for session, _, text in reversed(list(rows)):
            room -= len(text)
            if room < 0:
                break
            if session != manager.session_number:
                lines.append(text)
    return lines[::-1]


def make_shell(settings: PromptSettings, hist_file: str, home: Mapping[str, Any] | None) -> Any:
    """The shell of this process, without its prompt (:func:`open_prompt`), which looks at the terminal.

    ``hist_file``: its history database; ``home``: in the process that it was in, :func:`.past.as_record`.
    IPython's own directory is not made where it is not: nothing may stay on a machine that is only visited.
    """
    from traitlets.config import Config

    config = Config({"HistoryManager": {"hist_file": hist_file}})
    traits = {**settings.traits, "term_title": False}
    make: Any = TerminalInteractiveShell.instance
    if settings.embedded is not None:
        make = partial(make_embedded, settings.embedded)
    with _without_prompt():
        shell = make(config=config, banner1="", **_places(home), **_known(traits))
    if settings.classic:
        shell.prompts = ClassicPrompts(shell)
    if served_from() is not None:
        shell.debugger_history = InMemoryHistory()
    if "" not in sys.path:
        sys.path.insert(0, "")
    return shell


def _known(traits: dict[str, Any]) -> dict[str, Any]:
    """Those that the IPython here has."""
    known = TerminalInteractiveShell.class_traits()
    return {name: value for name, value in traits.items() if name in known}


def _places(home: Mapping[str, Any] | None) -> dict[str, Any]:
    """Where IPython keeps its things: as at first; where it is a visitor, beside the package."""
    package = served_from()
    if package is not None:
        own = Path(package).parent / "ipython"
        own.mkdir(mode=0o700, exist_ok=True)
        return {"ipython_dir": str(own)}
    if home is None:
        return {}
    with suppress(ProfileDirError):
        profile = ProfileDir.find_profile_dir(home["profile"])
        return {"ipython_dir": home["ipython_dir"], "profile_dir": profile}
    return {"ipython_dir": home["ipython_dir"]}


@contextmanager
def _without_prompt() -> Iterator[None]:
    real = TerminalInteractiveShell.init_prompt_toolkit_cli
    TerminalInteractiveShell.init_prompt_toolkit_cli = lambda shell: None
    try:
        yield
    finally:
        TerminalInteractiveShell.init_prompt_toolkit_cli = real


def open_prompt(shell: Any, settings: PromptSettings) -> None:
    """From now on stdin and its kin are the user's terminal, and write each line at once."""
    restore_settings(settings.streams)
    # IPython looked when it was imported, before that was so.
    terminal_module._is_tty = True
    with suppress(TraitError):
        shell.term_title = settings.traits.get("term_title", True)
    shell.init_prompt_toolkit_cli()


def fill_past(shell: Any, lines: tuple[str, ...]) -> None:
    """Put the lines of earlier sessions into a history database that is only in memory; its sessions begin
    with number 1.
    """
    with suppress(Exception), shell.history_manager.db as database:
        rows = [(0, line, text, text) for line, text in enumerate(lines, 1)]
        database.executemany("INSERT INTO history VALUES (?, ?, ?, ?)", rows)
