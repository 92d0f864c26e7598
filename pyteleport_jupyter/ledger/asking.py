"""Asking hosts for the sessions that live there: one login each, several at a time, none waited for too
long.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from pyteleport_jupyter.errors import (
    AttachRefused,
    HostUnknown,
    NoSessionWaits,
    OwnSession,
    SessionNotNamed,
    SessionUnknown,
    TeleportError,
    clean,
)
from pyteleport_jupyter.ledger.record import Entry, known_places, noted
from pyteleport_jupyter.options import make_options
from pyteleport_jupyter.remote import upstream
from pyteleport_jupyter.remote.session_desk import TO_BE_TAKEN_UP
from pyteleport_jupyter.remote.sessions_there import identifier_of
from pyteleport_jupyter.session.place import HOME, current_place, own_directory
from pyteleport_jupyter.targets import parse_target
from pyteleport_jupyter.transports.inquiry import inquire
from pyteleport_jupyter.transports.link import Ask
from pyteleport_jupyter.transports.requests import Inquiry

COMMAND = "cmd:"

AT_A_TIME = 8
SECONDS = 20.0
"""So long a host may take to answer."""

HOSTS_LIMIT = 32
"""Most hosts that are asked at once."""


NUMBERS = ("age", "lease", "lease_left", "memory", "for")


@dataclass(frozen=True)
class Session:
    """A session as its supervisor describes it; times in seconds, memory in bytes.

    ``place`` says how to get there, ``python`` and ``directory`` what to attach to; ``token`` and ``key``
    are only there for who has claimed it.
    """

    id: str
    place: Entry
    python: str
    directory: str
    kind: str
    age: float
    lease: float
    linked: bool
    lease_left: float | None
    memory: int | None
    busy: bool
    activity_for: float
    origin: str = ""
    token: str = ""
    key: str = ""


@dataclass(frozen=True)
class HostAnswer:
    """What one host says, or why it says nothing."""

    target: str
    sessions: tuple[Session, ...] = ()
    trouble: str = ""


def ask_hosts(targets: Sequence[str], op: str = "facts", ask: Ask | None = None) -> list[HostAnswer]:
    """The sessions on ``targets``, or on all hosts where one was started from here. A command is run only if
    it is among ``targets``: it may queue a job.

    Questions (a password) can only be asked where a single host is. Nothing is raised for a host.
    """
    likely, commands = ([place_of(target) for target in targets], []) if targets else _known_places()
    places = likely[:HOSTS_LIMIT]
    not_asked = [HostAnswer(place.target, trouble=_how_to_ask(place)) for place in commands]
    if len(places) <= 1:
        return [*(_answer_of(place, op, "", ask) for place in places), *not_asked]
    with ThreadPoolExecutor(AT_A_TIME, "sessions") as pool:
        answers = pool.map(lambda place: _answer_of(place, op, "", None), places)
        return [*_each_once(answers), *not_asked]


def _known_places() -> tuple[list[Entry], list[Entry]]:
    """Hosts that can be asked without more ado, and commands that would have to be run for it."""
    places = known_places()
    commands = [place for place in places if _is_command(place)]
    return [place for place in places if place not in commands], commands


def _is_command(place: Entry) -> bool:
    return place.target.startswith(COMMAND)


def _how_to_ask(place: Entry) -> str:
    return f"not asked, as that runs the command; %teleport list {shlex.quote(place.target)} does"


def _each_once(answers: Iterable[HostAnswer]) -> list[HostAnswer]:
    """A host may be known by several names: what lives there is told with the first, where one was last."""
    seen: set[tuple[str, str]] = set()
    told = []
    for answer in answers:
        new = tuple(each for each in answer.sessions if (each.id, each.directory) not in seen)
        seen |= {(each.id, each.directory) for each in new}
        told.append(replace(answer, sessions=new))
    return told


def find_session(name: str, op: str, ask: Ask | None = None) -> Session:
    """The session called ``name``: ``ID``, or ``HOST/ID`` for one that was not started from here; ``op`` is
    done with it (``facts``, ``claim``, ``detach``, ``kill``).

    Raises SessionUnknown, AttachRefused where it cannot be let go, or why its host does not answer.
    """
    host, _, identifier = name.rpartition("/")
    if identifier and identifier == own_identifier():
        # Before its host is looked up: that name may be known at home only.
        raise OwnSession(session=identifier)
    if not identifier:
        # Without one, all sessions there would be meant.
        raise SessionUnknown(session=repr(name), hosts=host or "no host is named")
    known = next((entry for entry in reversed(noted()) if entry.id == identifier), None)
    likely = [known] if known else _known_places()[0][:HOSTS_LIMIT]
    places = [place_of(host)] if host else likely
    for place in places:
        try:
            found = _asked(place, op, identifier, ask)
        except TeleportError:
            if len(places) == 1:
                raise
            continue  # It may be on the next one.
        if found and op == "detach" and found[0].kind not in TO_BE_TAKEN_UP:
            raise AttachRefused(session=identifier, reason="nobody could take it up again")
        if found:
            return found[0]
    where = ", ".join(place.target for place in places) or "no host is known"
    raise SessionUnknown(session=identifier, hosts=where)


def own_identifier() -> str | None:
    """What the session that asks is called itself, None at home."""
    directory = own_directory() or upstream.directory()
    away = current_place().target != HOME and directory is not None
    return identifier_of(directory) if away and directory else None


def waiting_session(ask: Ask | None = None) -> str:
    """The only session that was started from here, or the only one that nobody is linked to, as ``HOST/ID``.
    Raises SessionUnknown."""
    answers = ask_hosts((), ask=ask)
    told = [session for answer in answers for session in answer.sessions]
    sessions = [session for session in told if session.kind in TO_BE_TAKEN_UP]
    waiting = [session for session in sessions if not session.linked] or sessions
    names = [f"{session.place.target}/{session.id}" for session in waiting]
    if len(names) == 1:
        return names[0]
    if names:
        raise SessionNotNamed(sessions=", ".join(names))
    elsewhere = [f"{answer.target}: {answer.trouble}" for answer in answers if answer.trouble]
    raise NoSessionWaits(hosts="; ".join(elsewhere) or "none was started from here")


def place_of(target: str) -> Entry:
    """How to get to ``target``: as the last time, if there was one. Raises TargetUnknown."""
    known = next((entry for entry in known_places() if entry.target == target), None)
    parse_target(target, make_options())
    return known or Entry("", target, "")


def _answer_of(place: Entry, op: str, identifier: str, ask: Ask | None) -> HostAnswer:
    try:
        return HostAnswer(place.target, tuple(_asked(place, op, identifier, ask)))
    except TeleportError as error:
        return HostAnswer(place.target, trouble=_why_not(error))
    except OSError as error:
        return HostAnswer(place.target, trouble=str(error))


def _why_not(error: TeleportError) -> str:
    """Why a host does not answer. Away from home its name may mean nothing."""
    here = current_place()
    if isinstance(error, HostUnknown) and here.target != HOME:
        return f"not asked, as {here.host}, where this session is, does not know that name; ask at home"
    return error.facts.get("reason") or type(error).__name__


def _asked(place: Entry, op: str, identifier: str, ask: Ask | None) -> list[Session]:
    target = parse_target(place.target, make_options(via=place.via))
    python = place.python or target.python
    # An interpreter by its path needs no --setup to be found.
    inquiry = Inquiry(op, identifier, python=python, setup="" if python else place.setup)
    found = inquire(target.transport, inquiry, ask, SECONDS)
    return [session for facts in found.sessions if (session := _session(place, found.python, facts))]


def _session(place: Entry, python: str, facts: dict[str, Any]) -> Session | None:
    """What a host says, taken for what it is: text and numbers; what makes no sense is left out."""
    try:
        left, memory = facts.get("lease_left"), facts.get("memory")
        if not all(math.isfinite(float(facts[name] or 0)) for name in NUMBERS if name in facts):
            return None
        return Session(
            id=clean(facts["id"])[:32],
            place=place,
            python=python,
            directory=str(facts["directory"]),
            kind=clean(facts["kind"])[:32],
            age=float(facts["age"]),
            lease=float(facts["lease"]),
            linked=bool(facts["linked"]),
            lease_left=None if left is None else float(left),
            memory=None if memory is None else int(memory),
            busy=bool(facts["busy"]),
            activity_for=float(facts["for"]),
            origin=clean(facts.get("origin", ""))[:64],
            token=str(facts.get("token", "")),
            key=str(facts.get("key", "")),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
