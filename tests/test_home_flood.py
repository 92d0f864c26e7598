"""There and back while clients ask without pause: each request is answered once, where and when it should be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from relay_flood import Flood, flooded, texts
from relay_lab import LabKernel, connection_of, lab_kernel

QUEUED = 5


@pytest.fixture
def kernel() -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        assert kernel.run("%load_ext pyteleport_jupyter\nimport os\nran = []").status == "ok"
        yield kernel


def move(flood: Flood, target: str) -> list[str]:
    """Move in the flood, with cells queued behind the one that moves; their request ids."""
    first = flood.clients[0]
    flood.until(lambda: False, 0.2)
    cells = [f"print('leaving')\n%teleport {target} -q\nprint('at', os.getpid())"]
    cells += [f"ran.append({n}); print('cell', {n}, len(ran))" for n in range(QUEUED)]
    requests = [first.execute(cell) for cell in cells]
    replies = first.book.got["shell"]
    assert flood.until(lambda: (requests[-1], "execute_reply") in replies[-400:], 150), "no reply"
    flood.until(lambda: False, 0.2)
    return requests


def there_and_back(kernel: LabKernel, rounds: int) -> None:
    with flooded(connection_of(kernel)) as flood:
        asked = [move(flood, target) for _ in range(rounds) for target in ("local", "home")]
        flood.finish()
        assert flood.complaints({requests[0] for requests in asked}) == []
        count, places = 0, []
        for requests in asked:
            said = texts(flood.clients[0].book.told, requests)
            assert said[0].startswith("leaving\nat "), said
            places.append(int(said[0].split()[-1]))
            assert said[1:] == [f"cell {n} {count + n + 1}\n" for n in range(QUEUED)]
            count += QUEUED
            for client in flood.clients[1:]:
                assert texts(client.book.told, requests) == said
        assert places[1::2] == [kernel.pid] * rounds
        assert kernel.pid not in places[::2]


@pytest.mark.timeout(600)
def test_two_round_trips_in_a_flood_with_a_queue(kernel: LabKernel) -> None:
    there_and_back(kernel, 2)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_twenty_round_trips_in_a_flood_with_a_queue(kernel: LabKernel) -> None:
    there_and_back(kernel, 20)
