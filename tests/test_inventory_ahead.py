"""Which names interrupted code may still look up."""

from __future__ import annotations

import dis

import pytest

from pyteleport_jupyter.inventory.ahead import names_ahead

CASES = {
    "a\nhere()\nb": {"b"},
    "for i in x:\n    a\n    here()\n    b\nc": {"a", "here", "b", "c", "i"} - {"i"},
    "if a:\n    here()\nelse:\n    b\nc": {"c"},
    "a\ntry:\n    here()\nexcept b:\n    c\nfinally:\n    d": {"b", "c", "d"},
    "def f(): return a\nhere()\ndef g(): return b": {"b"},
    "while True:\n    a\n    if b: break\n    here()\nc": {"a", "b", "c", "here"},
    "here()\nraise a\nb": {"a"},
    "with a as f:\n    here()\nb": {"b"},
}


@pytest.mark.parametrize("source", CASES)
def test_names_ahead(source: str) -> None:
    code = compile(source, "<cell>", "exec")
    instructions = list(dis.get_instructions(code))
    (loads,) = [number for number, each in enumerate(instructions) if each.argval == "here"]
    call = next(number for number in range(loads, len(instructions)) if instructions[number].opname == "CALL")
    assert names_ahead(code, instructions[call + 1].offset) - {"i"} == CASES[source]
