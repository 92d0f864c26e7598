"""The state tables: what is in them, and that they can be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path

import pytest

from pyteleport_jupyter.relay.states import LINK, MOVE, Event, Link, Move, drawing, following


def test_a_move_takes_its_three_steps() -> None:
    state = Move.COMMITTING
    for event, then in [
        (Event.COMMITTED, Move.SETTLING),
        (Event.BUSY, Move.LIVE),
        (Event.ENDED, Move.OVER),
    ]:
        state = following(MOVE, state, event)
        assert state is then


def test_busy_before_the_commit_is_confirmed_means_nothing() -> None:
    assert following(MOVE, Move.COMMITTING, Event.BUSY) is Move.COMMITTING


def test_a_link_is_lost_and_found() -> None:
    state = Link.UP
    for event, then in [
        (Event.LOST, Link.WAITING),
        (Event.DUE, Link.TRYING),
        (Event.FAILED, Link.WAITING),
        (Event.DUE, Link.TRYING),
        (Event.ATTACHED, Link.UP),
    ]:
        state = following(LINK, state, event)
        assert state is then


def test_every_state_can_end() -> None:
    assert {then for (_, event), then in MOVE.items() if event is Event.ENDED} == {Move.OVER}
    assert {state for state, event in MOVE if event is Event.ENDED} == set(Move) - {Move.OVER}
    assert {state for state, event in LINK if event is Event.LEASE_OVER} == {Link.WAITING, Link.TRYING}


def test_drawing() -> None:
    lines = drawing(LINK).splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert "    UP --> WAITING: LOST" in lines
    assert len(lines) == 1 + len(LINK)


@pytest.mark.parametrize("table", [MOVE, LINK])
def test_the_drawings_in_the_documentation_are_those_of_the_tables(
    table: Mapping[tuple[Enum, Event], Enum],
) -> None:
    documentation = Path(__file__).parents[1] / "docs/ARCHITECTURE.md"
    assert f"```mermaid\n{drawing(table)}\n```" in documentation.read_text()
