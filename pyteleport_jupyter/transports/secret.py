"""Text that must not be seen: passwords, passphrases, one-time codes."""

from __future__ import annotations


class Secret(str):
    """A string whose ``repr`` is masked, so that it does not end up in a traceback, a log or a debugger's
    table.

    ``str(secret)`` is the text itself: it has to be sent to the one server that asked for it.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(•••)"
