"""From what went wrong in a connection to the sentence that the user reads."""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Callable, Mapping, Sequence

from pyteleport_jupyter.errors import (
    AuthenticationFailed,
    HostKeyChanged,
    HostKeyRevoked,
    HostKeyUnknown,
    HostRefused,
    HostUnknown,
    ShellFailed,
    TeleportError,
)


class ParamikoLacks(Exception):
    """Only the system's ssh can connect here; the text says why."""


class LastWords(logging.Handler):
    """Keeps what the server said when it disconnected: paramiko logs it and then tells only of an end of
    file.

    It is also the reason why nothing of paramiko's log reaches stderr.
    """

    _DISCONNECT = re.compile(r"Disconnect \(code \d+\): (.*)", re.DOTALL)

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.words = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging for each record."""
        found = self._DISCONNECT.search(record.getMessage())
        if found:
            self.words = found[1].strip()


def listen_to_last_words() -> LastWords:
    """Attach one :class:`LastWords` to paramiko's logger and let nothing through to the root logger."""
    logger = logging.getLogger("paramiko")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    words = LastWords()
    logger.addHandler(words)
    return words


def without_number(error: Exception) -> str:
    """The words of ``error``, of which the system's are the last: "[Errno 104]" is of no use to a reader."""
    return re.split(r"\[Errno \d+\] ?", str(error))[-1].strip()


def of_socket(host: str, error: OSError) -> TeleportError:
    """The error of resolving or reaching ``host`` (a TCP connect)."""
    if isinstance(error, socket.gaierror):
        return HostUnknown(host=host, reason=error.strerror or str(error))
    if isinstance(error, TimeoutError):
        return HostRefused(host=host, reason="it did not answer in time")
    return HostRefused(host=host, reason=(error.strerror or str(error)).lower())


def of_ssh_lines(host: str, lines: Sequence[str], jumps: Mapping[str, str] = {}) -> TeleportError:
    """The error in what the system's ssh wrote to stderr before it ended without being let in.

    ``jumps`` are the names of jump hosts in ssh's messages, with what the user calls each.
    """
    text = "\n".join(lines)
    jump = _jump_at_fault(text, jumps)
    if no_way := _NO_WAY.search(text):
        return HostRefused(
            host=host,
            reason=f"the jump host {jump or 'in front of it'} did not get there ({no_way[1].lower()})",
        )
    for pattern, make in _OF_SSH:
        found = pattern.search(text)
        if found:
            error = make(host, found, text)
            return type(error)(**error.facts, jump=jump) if jump else error
    last = lines[-1] if lines else "ssh ended without a word"
    return HostRefused(host=host, reason=last)


def _jump_at_fault(text: str, jumps: Mapping[str, str]) -> str | None:
    """The jump host where ``text`` says that it ended; None if it was the host itself, or nobody can tell."""
    if not _NEVER_HEARD.search(text):
        return None
    words = {word.strip("'\"[]().:,") for word in re.split(r"[\s@]|(?<=\]):", text)}
    possible = {jump for name, jump in jumps.items() if name in words} or set(jumps.values())
    return possible.pop() if len(possible) == 1 else None


def refused_shell(lines: Sequence[str]) -> str | None:
    """The reason in ssh's words when the host let us in but would not run a command; None if that was not
    it.
    """
    for line in lines:
        if _NO_EXEC.search(line):
            return line.strip()
    return None


_NO_EXEC = re.compile(r"(exec|shell) request failed on channel|administratively prohibited|open failed")
_NEVER_HEARD = re.compile(r"Connection closed by UNKNOWN port")
"""What ssh says when its proxy has ended before the host itself has said a word."""
_NO_WAY = re.compile(r"channel \d+: open failed: (.*?)(?:: open failed)?$", re.MULTILINE)
"""What ssh on the way to a jump host says when that one does not reach what is behind it."""
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]+")
_OFFENDING = re.compile(r"Offending .* in (\S+?):\d+")
_HAS_CHANGED = re.compile(r"Host key for (\S+) has changed")

_Found = re.Match[str]
_Make = Callable[[str, _Found, str], TeleportError]


def _shown_key(text: str) -> str:
    found = _FINGERPRINT.search(text)
    return found[0] if found else "ssh did not show its fingerprint"


def _changed(host: str, found: _Found, text: str) -> TeleportError:
    file, name = _OFFENDING.search(text), _HAS_CHANGED.search(text)
    return HostKeyChanged(
        host=host,
        fingerprint=_shown_key(text),
        known_hosts=file[1] if file else os.path.expanduser("~/.ssh/known_hosts"),
        name=name[1] if name else host,
    )


def _revoked(host: str, found: _Found, text: str) -> TeleportError:
    return HostKeyRevoked(host=host, fingerprint=_shown_key(text), known_hosts="known_hosts")


def _unknown_key(host: str, found: _Found, text: str) -> TeleportError:
    return HostKeyUnknown(host=host, fingerprint=_shown_key(text))


def _denied(host: str, found: _Found, text: str) -> TeleportError:
    return AuthenticationFailed(host=host, reason=found[0].strip().rstrip("."))


def _unresolved(host: str, found: _Found, text: str) -> TeleportError:
    return HostUnknown(host=host, reason=found[0].strip())


def _unreachable(host: str, found: _Found, text: str) -> TeleportError:
    return HostRefused(host=host, reason=found[1].strip().lower())


def _no_shell(host: str, found: _Found, text: str) -> TeleportError:
    return ShellFailed(host=host, reason=found[0].strip())


# The first that fits: ssh prints "Host key verification failed." after each of the three above it.
_OF_SSH: tuple[tuple[re.Pattern[str], _Make], ...] = (
    (re.compile(r"REVOKED HOST KEY DETECTED"), _revoked),
    (re.compile(r"HOST IDENTIFICATION HAS CHANGED"), _changed),
    (
        re.compile(r"Host key verification failed|host key is known for .* and you have requested strict"),
        _unknown_key,
    ),
    (re.compile(r"Could not resolve hostname.*"), _unresolved),
    (
        re.compile(r"^.*Bad configuration option.*|^.*terminating, \d+ bad configuration options", re.M),
        _unresolved,
    ),
    (re.compile(r"connect to (?:host|address) .*? port \S+: (.*)"), _unreachable),
    (re.compile(r"((?:Connection|Timeout).*(?:timed out|refused|reset by peer).*)"), _unreachable),
    (re.compile(r".*Permission denied \(.*|.*Too many authentication failures.*"), _denied),
    (re.compile(r"Permission denied.*"), _denied),
    (re.compile(r".*request failed on channel.*"), _no_shell),
)
