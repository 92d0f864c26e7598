"""The relay's two state machines, each an Enum and a table that can be printed.

The *move* begins with the relay's first word (``commit``) and is over when the resumed cell runs. The
*link* may be lost and found again at any time, also while the move is under way: the words of the move are
then said again over the next link.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar


class Move(Enum):
    """How far the session is with moving over."""

    COMMITTING = "commit was said; until it is confirmed nothing else is sent"
    SETTLING = "committed; the running request was handed over and is not busy yet: interrupts would miss it"
    LIVE = "messages pass in both directions"
    OVER = "the far kernel has ended, or was given up; so does this process"


class Link(Enum):
    """How it stands with the link."""

    UP = "bytes flow"
    WAITING = "lost; the next attempt is due after a while"
    TRYING = "a thread connects and attaches again"
    GONE = "given up: the lease is over, or the session does not exist any more"


class Event(Enum):
    """What moves the machines."""

    COMMITTED = "the far side confirmed the commit: from now on it is the session"
    BUSY = "the far kernel runs the request that was handed over"
    ENDED = "the far kernel has ended"
    LOST = "the link broke, or was silent for too long"
    DUE = "the time to wait between two attempts is over"
    ATTACHED = "the supervisor took us back"
    FAILED = "an attempt failed"
    REFUSED = "the far side knows no such session"
    LEASE_OVER = "the far side has ended itself by now"


MOVE: dict[tuple[Move, Event], Move] = {
    (Move.COMMITTING, Event.COMMITTED): Move.SETTLING,
    (Move.SETTLING, Event.BUSY): Move.LIVE,
    (Move.COMMITTING, Event.ENDED): Move.OVER,
    (Move.SETTLING, Event.ENDED): Move.OVER,
    (Move.LIVE, Event.ENDED): Move.OVER,
}

LINK: dict[tuple[Link, Event], Link] = {
    (Link.UP, Event.LOST): Link.WAITING,
    (Link.WAITING, Event.DUE): Link.TRYING,
    (Link.TRYING, Event.ATTACHED): Link.UP,
    (Link.TRYING, Event.FAILED): Link.WAITING,
    (Link.TRYING, Event.REFUSED): Link.GONE,
    (Link.WAITING, Event.LEASE_OVER): Link.GONE,
    (Link.TRYING, Event.LEASE_OVER): Link.GONE,
}

State = TypeVar("State", bound=Enum)


def following(table: Mapping[tuple[State, Event], State], state: State, event: Event) -> State:
    """The state after ``event``; one that means nothing in ``state`` changes nothing."""
    return table.get((state, event), state)


def drawing(table: Mapping[tuple[State, Event], State]) -> str:
    """The table as a mermaid state diagram, for the documentation."""
    lines = [f"    {state.name} --> {then.name}: {event.name}" for (state, event), then in table.items()]
    return "\n".join(["stateDiagram-v2", *lines])
