"""What the line of progress says while bytes flow."""

from __future__ import annotations

import pytest

from pyteleport_jupyter.progress_line import shipping_in_words
from pyteleport_jupyter.quantities import seconds_in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "1 s"), (45.4, "45 s"), (99.6, "2 min"), (600, "10 min"), (9000, "2.5 h")],
)
def test_seconds(seconds: float, words: str) -> None:
    assert seconds_in_words(seconds) == words


def test_rate_and_time_left() -> None:
    assert shipping_in_words(10**9, 4 * 10**9, 10) == "1.0 GB of 4.0 GB, 100.0 MB/s, 30 s left"


def test_nothing_is_foretold_from_the_first_moment() -> None:
    assert shipping_in_words(10**9, 4 * 10**9, 0.2) == "1.0 GB of 4.0 GB"
    assert shipping_in_words(10**6, 4 * 10**9, 3) == "1.0 MB of 4.0 GB"
