"""How the line behind a magic becomes arguments."""

from __future__ import annotations

import shlex
from typing import Any

from IPython.core.error import UsageError


def split(line: str) -> list[str]:
    """The words of ``line`` as a shell sees them: quotes hold a whole ``--setup`` line together.

    Raises UsageError.
    """
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise UsageError(f"%teleport: {error}; %teleport --help shows what is possible") from None


def parse(described: Any, words: list[str]) -> dict[str, Any] | None:
    """The arguments in ``words``, for a function that is ``described`` with ``@magic_arguments``.

    None where help is wanted, which has then been printed. Raises UsageError.
    """
    if {"-h", "--help"} & set(words):
        print(described.__doc__)
        return None
    try:
        arguments: dict[str, Any] = vars(described.parser.parse_args(words))
    except UsageError as error:
        raise UsageError(f"%teleport: {error}; %teleport --help shows what is possible") from None
    return arguments


def given(options: dict[str, Any]) -> dict[str, Any]:
    """Those that were said: what was not leaves it to the user's settings. Of some both are said."""
    return {
        name: value
        for name, value in options.items()
        if value is not None and (value is not False or name in ("home", "keep"))
    }
