"""What a plan says besides its rows."""

from __future__ import annotations

from pyteleport_jupyter.companions import Companions
from pyteleport_jupyter.quantities import bytes_in_words

NAMED = 4
"""Most modules that are named in a sentence."""


def modules_in_words(companions: Companions) -> list[str]:
    """``own modules travel, with 12.0 kB of source: a, b``, if there are any."""
    sources = companions.sources
    if not sources:
        return []
    size = bytes_in_words(sum(len(source.content) for source in sources.values()))
    tops = list(dict.fromkeys(name.partition(".")[0] for name in (*companions.loaded, *sources)))
    more = " …" if len(tops) > NAMED else ""
    return [f"own modules travel, with {size} of source: {', '.join(tops[:NAMED])}{more}"]
