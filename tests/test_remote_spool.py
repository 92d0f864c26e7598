"""What is kept of a kernel's words while there is no link, and what is said about the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pyteleport_jupyter.remote.kernel_lines import DELIMITER
from pyteleport_jupyter.remote.spool import Spool
from pyteleport_jupyter.wire.lanes import Lane

LIMIT, LAST_LIMIT = 10_000, 20_000


def message(kind: str, cell: str = "cell", text: str = "") -> list[bytes]:
    parts: list[Any] = [{"msg_type": kind}, {"msg_id": cell}, {}, {"text": text}]
    return [kind.encode(), DELIMITER, b"signature", *(json.dumps(part).encode() for part in parts)]


def notice(parent: bytes, size: int) -> list[bytes]:
    return [b"notice", parent, str(size).encode()]


@pytest.fixture
def spool() -> Spool:
    return Spool(notice, LIMIT, LAST_LIMIT)


def said(spool: Spool) -> list[tuple[str, str]]:
    """Type and cell of all that the spool holds; for a notice the cell."""
    found = []
    while spool:
        lane, parts = spool.take()
        if parts[0] == b"notice":
            found.append(("notice", json.loads(parts[1])["msg_id"]))
        else:
            assert lane is (Lane.SHELL if parts[0].endswith(b"reply") else Lane.IOPUB)
            found.append((parts[0].decode(), json.loads(parts[4])["msg_id"]))
    return found


def flood(spool: Spool, count: int, cell: str = "cell", kind: str = "stream", linked: bool = False) -> None:
    for _ in range(count):
        spool.add(Lane.IOPUB, message(kind, cell, "x" * 100), linked=linked)


def test_what_fits_comes_back_in_order(spool: Spool) -> None:
    kinds = ["stream", "display_data", "status", "execute_reply", "error"]
    for kind in kinds:
        spool.add(Lane.SHELL if kind.endswith("reply") else Lane.IOPUB, message(kind), linked=False)
    assert [kind for kind, _ in said(spool)] == kinds
    assert spool.size == 0


def test_the_first_part_is_kept_and_the_gap_is_told_where_it_is(spool: Spool) -> None:
    flood(spool, 1000)
    for kind in ("error", "status"):
        spool.add(Lane.IOPUB, message(kind), linked=False)
    spool.add(Lane.SHELL, message("execute_reply"), linked=False)
    assert spool.size < LIMIT + 2000
    kinds = [kind for kind, _ in said(spool)]
    kept = kinds.count("stream")
    assert 10 < kept < 100
    assert kinds == ["stream"] * kept + ["notice", "error", "status", "execute_reply"]


def test_each_cell_is_told_of_its_own_gap(spool: Spool) -> None:
    flood(spool, 100, "one")
    spool.add(Lane.IOPUB, message("status", "one"), linked=False)
    flood(spool, 50, "two")
    spool.add(Lane.IOPUB, message("status", "two"), linked=False)
    assert said(spool)[-4:] == [("notice", "one"), ("status", "one"), ("notice", "two"), ("status", "two")]


def test_the_number_of_bytes_is_right(spool: Spool) -> None:
    flood(spool, 1000)
    size = sum(map(len, message("stream", text="x" * 100)))
    taken = []
    while spool:
        taken.append(spool.take()[1])
    assert sum(sum(map(len, parts)) for parts in taken[:-1]) + int(taken[-1][2]) == 1000 * size


def test_a_gap_that_was_told_is_over(spool: Spool) -> None:
    flood(spool, 100)
    assert said(spool)[-1][0] == "notice"
    flood(spool, 1)
    assert [kind for kind, _ in said(spool)] == ["stream"]


def test_with_a_link_nothing_is_left_out(spool: Spool) -> None:
    flood(spool, 1000, linked=True)
    assert spool.full
    assert len(said(spool)) == 1000
    assert not spool.full


def test_far_beyond_the_limit_only_states_and_replies_are_kept(spool: Spool) -> None:
    flood(spool, 1000, kind="comm_msg")
    assert spool.size < LAST_LIMIT + 1000
    for _ in range(10):
        spool.add(Lane.IOPUB, message("status"), linked=False)
        spool.add(Lane.SHELL, message("execute_reply"), linked=False)
    kinds = [kind for kind, _ in said(spool)]
    assert kinds[-20:] == ["status", "execute_reply"] * 10
    assert kinds[-21] == "notice"


@pytest.mark.parametrize(
    "parts", [[b"no delimiter"], [b"t", DELIMITER], [b"t", DELIMITER, b"", b"\xff", b""]]
)
def test_what_is_no_message_is_no_harm(spool: Spool, parts: list[bytes]) -> None:
    flood(spool, 1000)
    spool.add(Lane.IOPUB, parts, linked=False)
    *_, last = (spool.take()[1] for _ in iter(spool.__bool__, False))
    assert last == parts
