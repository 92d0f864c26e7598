"""What is shown of an exception that a cell elsewhere has raised: the traceback that it had there."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from pyteleport_jupyter.errors import TeleportError

ESCAPES = re.compile(r"\x1b\[[\d;]*m")
"""Colours, which the kernel there always has."""


def with_remote_traceback(shell: Any, error: BaseException, lines: Sequence[str]) -> None:
    """Let ``shell`` show ``lines`` for ``error``, without the frames of ours that it passes through here."""
    if str(shell.colors).lower() == "nocolor":
        lines = [ESCAPES.sub("", str(line)) for line in lines]
    if isinstance(error, SyntaxError | BaseExceptionGroup):
        _show_once(shell, error, [*map(str, lines)] or [f"{type(error).__name__}: {error}"])
    elif lines and not isinstance(error, TeleportError):
        show_as(error, lines)


def show_as(error: BaseException, lines: Sequence[str]) -> None:
    """Let IPython show ``lines`` for ``error``."""
    try:
        # See IPython/core/interactiveshell.py, showtraceback.
        error._render_traceback_ = partial(list, [str(line) for line in lines])  # type: ignore[attr-defined]
    except (AttributeError, TypeError):
        pass  # One with slots shows its own traceback.


def _show_once(shell: Any, error: BaseException, lines: list[str]) -> None:
    """These IPython does not ask how they are shown. What a group looks like was printed there already."""

    def showtraceback(exc_tuple: Any = None, *arguments: Any, **names: Any) -> None:
        shell.__dict__.pop("showtraceback", None)
        if (exc_tuple[1] if exc_tuple else sys.exception()) is error:
            shell._showtraceback(type(error), error, lines)
        else:
            shell.showtraceback(exc_tuple, *arguments, **names)

    shell.showtraceback = showtraceback
