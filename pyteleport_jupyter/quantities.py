"""Bytes and seconds as people say them."""

from __future__ import annotations


def bytes_in_words(count: int) -> str:
    """``count`` bytes as people say it: ``812 B``, ``80.0 MB``."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError


def seconds_in_words(seconds: float) -> str:
    """How long something takes, as people say it: ``45 s``, ``3 min``, ``2.5 h``."""
    if seconds < 99.5:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5940 else f"{seconds / 3600:.1f} h"
