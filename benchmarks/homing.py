"""The way home of a gigabyte that has not changed, or in one element, against sending all of it.

What a move costs without anything to ship is taken off both.
"""

from __future__ import annotations

import statistics

from .scene import Scene, kernel
from .shipping import ARRAY, CELL_SECONDS, ROUNDS, run
from .table import Row, spread

MOVE = """
import time
began = time.monotonic()
%teleport --quiet {target}
print(time.monotonic() - began)
"""

COUNT = """
def count():
    from pyteleport_jupyter.homecoming import homeward
    agree = homeward._without_kept
    def counted(home, pickled, keeps):
        consignment = agree(home, pickled, keeps)
        sent = type(consignment)(consignment.parts, consignment.offer, consignment.answer)
        print(sum(map(len, sent)), flush=True)
        return consignment
    homeward._without_kept = counted
count()
data[12345] += 1
%teleport --quiet home
"""


def compare(scene: Scene, rounds: int = ROUNDS) -> list[Row]:
    """All rows."""
    there, back, sizes = [], [], []
    for _ in range(rounds):
        empty = there_and_back(scene, "import numpy", count=False)
        full = there_and_back(scene, ARRAY, count=True)
        there.append(full[0] - empty[0])
        back.append(full[1] - empty[1])
        sizes.append(full[2])
    ratio = statistics.median(one / other for one, other in zip(back, there, strict=True))
    sent = statistics.median(sizes) / (1 << 20)
    return [
        Row(
            "1 GiB session home, unchanged",
            spread(back, "s"),
            f"sent in full: {spread(there, 's')}",
            f"{ratio:.2f} x",
            "<= 0.10 x",
            ratio <= 0.10,
        ),
        Row(
            "1 GiB session home, one element changed",
            f"{sent:.2f} MiB sent",
            "",
            "",
            "<= 2 MiB",
            sent <= 2,
        ),
    ]


def there_and_back(scene: Scene, set_up: str, count: bool) -> list[float]:
    """Seconds of the way there and of the way home, and the bytes of a second way home."""
    with kernel(scene) as started:
        started.execute(set_up, timeout=CELL_SECONDS)
        seconds = [run(started, MOVE.format(target=target))[0] for target in (scene.alias, "home")]
        if count:
            run(started, MOVE.format(target=scene.alias))
            seconds += run(started, COUNT)
        return seconds
