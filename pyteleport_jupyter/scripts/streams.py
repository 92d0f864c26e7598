"""The three streams of a program: what they are here, how they are set, what they still hold."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

NUMBERS = {"stdin": 0, "stdout": 1, "stderr": 2}

LANGUAGE = ("TERM", "COLORTERM", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "NO_COLOR", "FORCE_COLOR")
"""Variables that tell programs how to speak to a terminal."""


@dataclass(frozen=True)
class StreamSettings:
    """How a text stream is set: what ``reconfigure`` takes."""

    encoding: str
    errors: str | None
    line_buffering: bool
    write_through: bool


def capture_settings() -> dict[str, StreamSettings]:
    """How the process's own streams are set."""
    found = {name: getattr(sys, f"__{name}__") for name in NUMBERS}
    return {
        name: StreamSettings(stream.encoding, stream.errors, stream.line_buffering, stream.write_through)
        for name, stream in found.items()
        if stream is not None
    }


def restore_settings(settings: dict[str, StreamSettings]) -> None:
    """Set them the same here."""
    for name, wanted in settings.items():
        stream = getattr(sys, f"__{name}__")
        if stream is not None and name == "stdin":
            stream.reconfigure(encoding=wanted.encoding, errors=wanted.errors)
        elif stream is not None:
            stream.reconfigure(**vars(wanted))


def kinds() -> dict[str, str]:
    """What the streams are to be over there (:data:`..remote.program_order.KINDS`).

    A terminal only where stdin is one. Where stdout and stderr go to the same place they share one pipe
    there too, so that what is written to them stays in order.
    """
    found = {name: "pipe" if is_open(number) else "nowhere" for name, number in NUMBERS.items()}
    if found["stdin"] == "pipe" and os.isatty(0):
        terminals = {
            name: "terminal" for name, number in NUMBERS.items() if is_open(number) and os.isatty(number)
        }
        return found | terminals
    if found["stdout"] == found["stderr"] == "pipe" and _is_same(1, 2):
        found["stderr"] = "stdout"
    return found


def is_open(number: int) -> bool:
    """Whether the process has this descriptor."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _is_same(one: int, other: int) -> bool:
    first, second = os.fstat(one), os.fstat(other)
    if (first.st_dev, first.st_ino) != (second.st_dev, second.st_ino):
        return False
    return os.isatty(one) or not stat.S_ISCHR(first.st_mode)


def terminal() -> dict[str, Any] | None:
    """How the terminal is set, as JSON; None where stdin is none."""
    if not os.isatty(0):
        return None
    *flags, characters = termios.tcgetattr(0)
    size = os.get_terminal_size(0)
    plain = [each if isinstance(each, int) else each[0] for each in characters]
    return {"attributes": [*flags, plain], "rows": size.lines, "columns": size.columns}


def language() -> dict[str, str]:
    """The variables that the program should find when it starts."""
    return {name: os.environ[name] for name in LANGUAGE if name in os.environ}


def flush() -> None:
    """What was printed before the move goes out before it. Raises whatever writing raises."""
    for stream in {
        id(each): each for each in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    }.values():
        if stream is not None and not stream.closed:
            stream.flush()


def take_unread() -> bytes:
    """What ``sys.stdin`` has read ahead and the program has not seen yet; it is gone from here then.

    While stdin leads nowhere the buffers can be read to their end without waiting for more.
    """
    stream = sys.__stdin__
    if stream is None or stream.closed or not is_open(0):
        return b""
    with contextlib.suppress(OSError, ValueError), _nowhere(0):
        try:
            return stream.read().encode(stream.encoding, stream.errors or "strict")
        except UnicodeError:
            return bytes(stream.buffer.read())
    return b""


@contextlib.contextmanager
def _nowhere(number: int) -> Iterator[None]:
    kept = os.dup(number)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    try:
        os.dup2(nowhere, number)
        yield
    finally:
        os.dup2(kept, number)
        os.close(kept)
        os.close(nowhere)
