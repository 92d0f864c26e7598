"""The three streams of a process, by name: they stay, and what refers to them means those of where it is."""

from __future__ import annotations

import sys

STREAMS = ("stdin", "stdout", "stderr")


def process_streams() -> dict[str, object]:
    """The three streams of the process and the layers under them; what a program has put in their place is
    its own.
    """
    found: dict[str, object] = {}
    for name in STREAMS:
        layer = getattr(sys, f"__{name}__")
        for suffix in ("", ".buffer", ".raw"):
            found[name + suffix] = layer
            layer = getattr(layer, "raw" if suffix else "buffer", None)
    return found
