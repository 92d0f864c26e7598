"""A session that is pickled once more is mostly the same bytes, so that they need not be sent again."""

from __future__ import annotations

import io
import pickle
import random
from collections.abc import Callable
from typing import Any

import pytest

from pyteleport_jupyter.objects import NamespaceAnchors, dump, load
from pyteleport_jupyter.objects.turns import LARGE, TakingTurns
from pyteleport_jupyter.shipping.cutting import by_content

PURE: Any = vars(pickle)["_Pickler"]

AWKWARD: dict[str, Callable[[random.Random], Any]] = {
    "long bytes": lambda chance: chance.randbytes(chance.choice([LARGE - 1, LARGE, LARGE + 1, 300_000])),
    "long text": lambda chance: "é" * chance.choice([LARGE // 2, LARGE, 3]),
    "bytearray": lambda chance: bytearray(chance.randbytes(chance.choice([5, 2 * LARGE]))),
    "a pickle with frames": lambda chance: pickle.dumps(
        [bytes(LARGE), list(range(chance.randrange(40_000)))], 5
    ),
    "what looks like a frame": lambda chance: b"\x95" + LARGE.to_bytes(8, "little") + bytes(LARGE),
    "what looks like a long text": lambda chance: b"\x8d" + LARGE.to_bytes(8, "little"),
    "many": lambda chance: list(range(chance.randrange(30_000))),
    "few": lambda chance: chance.random(),
}


@pytest.mark.parametrize("kind", [pickle.Pickler, PURE])
@pytest.mark.parametrize("seed", range(12))
def test_a_pickle_without_frames_is_the_same_objects(kind: Any, seed: int) -> None:
    chance = random.Random(seed)
    made = [[make(chance) for _, make in chance.sample(sorted(AWKWARD.items()), 5)] for _ in range(3)]
    file = TakingTurns()
    pickler = kind(file, 5)
    for each in made:
        pickler.dump(each)
    for reader in (TakingTurns(file.getvalue()), io.BytesIO(file.getvalue())):
        unpickler = pickle.Unpickler(reader)
        assert [unpickler.load() for _ in made] == made


def test_frames_are_gone_and_what_looks_like_one_is_not() -> None:
    file, content = TakingTurns(), [list(range(200_000)), AWKWARD["a pickle with frames"](random.Random(1))]
    pickle.Pickler(file, 5).dump(content)
    framed = pickle.dumps(content, 5)
    assert len(framed) - len(file.getvalue()) >= 9 * (200_000 * 3 // LARGE // 2)
    assert content[1] in file.getvalue()


class Point:
    """One of many, which all refer to what is written with the first."""

    def __init__(self, number: int) -> None:
        self.across, self.text = number / 3, str(number)


def stream_of(namespace: dict[str, Any], **items: Any) -> bytes:
    anchors = NamespaceAnchors({}, {})
    pickled = dump({"stack": None, "namespace": namespace, "items": items}, anchors, {})
    assert load(pickled.stream, pickled.buffers, anchors).root["namespace"].keys() == namespace.keys()
    return pickled.stream


def test_a_cell_more_changes_little() -> None:
    points = [Point(number) for number in range(30_000)]
    table = {number: [str(number), number * 1.5] for number in range(30_000)}
    before = stream_of({"points": points, "table": table, "_i1": "x = 1"}, inputs=["", "x = 1"])
    inputs = ["", "x = 1", "points[7]", "y = 2"]
    after = stream_of(
        {"points": points, "table": table, "_i1": "x = 1", "_i2": "points[7]", "_2": points[7], "y": 2.5},
        inputs=inputs,
    )
    known = {bytes(chunk) for chunk in by_content(memoryview(before))}
    new = [chunk for chunk in by_content(memoryview(after)) if bytes(chunk) not in known]
    assert len(after) > 1 << 20
    assert sum(chunk.nbytes for chunk in new) < len(after) // 3
