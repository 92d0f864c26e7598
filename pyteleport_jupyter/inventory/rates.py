"""How fast the link to each target was, remembered from move to move in the user's cache."""

from __future__ import annotations

import json
import math
import os
import tempfile
from pathlib import Path

from pyteleport_jupyter.remote import kept_package

REMEMBERED = 200
"""Most targets in the file, newest kept."""

FEWEST_BYTES = 1 << 20
"""Less than this measures the round trip, not the rate."""

LARGEST_FILE = 1 << 16


def cache_folder() -> Path:
    """Where this package keeps what it may lose."""
    return Path(kept_package.cache_folder())


def remembered(target: str) -> float | None:
    """Bytes per second that the last large move to ``target`` had; None if there was none."""
    return _all().get(target)


def remember(target: str, nbytes: int, seconds: float) -> None:
    """Note what a move has shown. Fails silently: it is only a guess for the next one."""
    if nbytes < FEWEST_BYTES or seconds <= 0:
        return
    rates = _all()
    rates.pop(target, None)
    rates[target] = nbytes / seconds
    try:
        _write(dict(list(rates.items())[-REMEMBERED:]))
    except OSError:
        return


def _path() -> Path:
    return cache_folder() / "rates.json"


def _all() -> dict[str, float]:
    try:
        with open(_path(), encoding="utf-8") as file:
            found = json.loads(file.read(LARGEST_FILE))
    except (OSError, ValueError):
        return {}
    rates = found.items() if isinstance(found, dict) else ()
    return {name: float(rate) for name, rate in rates if _is_rate(rate)}


def _is_rate(rate: object) -> bool:
    return isinstance(rate, int | float) and math.isfinite(rate) and rate > 0


def _write(rates: dict[str, float]) -> None:
    _path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd, temporary = tempfile.mkstemp(dir=_path().parent)
    with open(fd, "w", encoding="utf-8") as file:
        json.dump(rates, file)
    os.replace(temporary, _path())
