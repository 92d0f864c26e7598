"""The examination: one login, one look around there, and what follows from it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter import errors
from pyteleport_jupyter.errors import TeleportError, clean
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.quantities import bytes_in_words
from pyteleport_jupyter.targets import Target, parse_target
from pyteleport_jupyter.transports.inquiry import examine
from pyteleport_jupyter.transports.link import Ask

SECONDS = 60.0
NEEDED = ("ipykernel", "IPython", "zmq")

ROOM = 500_000_000
"""Bytes that should be free there: the package, sockets, and what the user's code writes."""

CLOCK_SECONDS = 60.0
"""Clocks that are further apart make files look as if they came from the future."""

IN_THE_WAY: tuple[tuple[str, tuple[type[TeleportError], ...]], ...] = (
    ("reachable", (errors.HostUnknown, errors.HostRefused, errors.LinkTimeout)),
    ("host key", (errors.HostKeyUnknown, errors.HostKeyChanged, errors.HostKeyRevoked)),
    ("login", (errors.AuthenticationFailed, errors.QuestionUnanswered)),
    ("shell", (errors.ShellFailed, errors.SetupFailed)),
    ("Python", (errors.NoPython, errors.WrongPython)),
)
"""What has to hold on the way in, in this order, and the errors by which one sees that it does not."""


@dataclass(frozen=True)
class Finding:
    """One condition: ``holds`` is None for what works and may surprise."""

    name: str
    holds: bool | None
    text: str
    remedy: str = ""


def examine_host(
    text: str, options: Options, packages: Sequence[str] = (), ask: Ask | None = None
) -> list[Finding]:
    """Everything that has to hold on target ``text``. Raises TargetUnknown; all else that is wrong is a
    finding.
    """
    target = parse_target(text, options)
    names = [*NEEDED, *(name for name in packages if name not in NEEDED)]
    way = {"python": options.python or target.python, "setup": options.setup}
    started = time.time()
    try:
        facts = examine(target.transport, ",".join(names), ask, SECONDS, **way)
    except TeleportError as error:
        return list(_up_to(error))
    seconds = time.time() - started
    return [*_way_in(seconds), *(finding for look in LOOKS for finding in look(facts, target, packages))]


def _up_to(error: TeleportError) -> Iterator[Finding]:
    """What held before ``error``, and what it says."""
    for name, kinds in IN_THE_WAY:
        if isinstance(error, kinds):
            yield Finding(name, False, error.sentence())
            return
        yield Finding(name, True, "yes")
    yield Finding("start", False, error.sentence())


def _way_in(seconds: float) -> Iterator[Finding]:
    yield Finding("reachable", True, f"yes, in {seconds:.1f} s with login and a look around")
    yield from (Finding(name, True, "yes") for name in ("host key", "login", "shell"))
    yield Finding("forwarding", True, "not needed: all goes through the login itself")


def _python(facts: dict[str, Any], target: Target, packages: Sequence[str]) -> Iterator[Finding]:
    others = ", ".join(clean(each) for each in _list(facts.get("pythons"))[:20])
    yield Finding(
        "Python", True, f"{sys.version.split()[0]} fits" + (f" (found: {others})" if others else "")
    )


def _packages(facts: dict[str, Any], target: Target, packages: Sequence[str]) -> Iterator[Finding]:
    found = facts.get("packages")
    versions: dict[str, Any] = found if isinstance(found, dict) else {}
    missing = [name for name in NEEDED if versions.get(name) is None]
    if missing:
        remedy = "install it there: python -m pip install ipykernel, or name another Python with --python"
        yield Finding("ipykernel", False, f"{', '.join(missing)} cannot be imported there", remedy)
    else:
        yield Finding("ipykernel", True, clean(versions["ipykernel"]))
    lacking = [name for name in packages if versions.get(name) is None]
    if lacking:
        yield Finding(
            "packages",
            False,
            f"lacks {', '.join(lacking)}, which this session uses",
            "say --install, or install them there",
        )
    elif packages:
        yield Finding("packages", True, f"all {len(packages)} that this session uses")


def _room(facts: dict[str, Any], target: Target, packages: Sequence[str]) -> Iterator[Finding]:
    directory, free, trouble = (
        clean(facts.get("directory", "")),
        _number(facts.get("free")),
        clean(facts.get("trouble", "")),
    )
    yield Finding(
        "runtime directory",
        bool(directory),
        trouble or directory,
        "remove what is in the way there" if trouble else "",
    )
    yield Finding(
        "disk", free >= ROOM, f"{bytes_in_words(int(free))} free", "" if free >= ROOM else "make room there"
    )


def _lease(facts: dict[str, Any], target: Target, packages: Sequence[str]) -> Iterator[Finding]:
    if facts.get("kills") and not facts.get("lingers"):
        yield Finding(
            "lingering",
            None,
            "systemd there ends what you leave behind when you log out: a lost link ends the session",
            "loginctl enable-linger, on that host, or KillUserProcesses=no",
        )
    else:
        yield Finding("lingering", True, "allowed: a session outlives a lost link")


def _clock(facts: dict[str, Any], target: Target, packages: Sequence[str]) -> Iterator[Finding]:
    apart = abs(time.time() - _number(facts.get("clock")))
    text = "right" if apart < CLOCK_SECONDS else f"{apart:.0f} s apart from the one here"
    yield Finding("clock", True if apart < CLOCK_SECONDS else None, text)


LOOKS: tuple[Callable[[dict[str, Any], Target, Sequence[str]], Iterator[Finding]], ...] = (
    _python,
    _packages,
    _room,
    _lease,
    _clock,
)


def _list(said: Any) -> list[Any]:
    return said if isinstance(said, list) else []


def _number(said: Any) -> float:
    return float(said) if isinstance(said, (int, float)) else 0.0
