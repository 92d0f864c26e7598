"""Frames that are not in a call: something looked at them just before an instruction.

A trace function or a ``sys.monitoring`` callback is called with the instruction not yet carried out, and the
stack as the static flow says. So the frame goes on by running that instruction. A few have to be kept away
from: what they need, or leave half done, is not on the stack.
"""

from __future__ import annotations

from typing import Final

from .flow import Flow, opening_of
from .snapshot import Action, Kind

UNFIT: Final = frozenset(
    {
        "CACHE",
        "RESUME",
        "RETURN_GENERATOR",
        "COPY_FREE_VARS",
        "MAKE_CELL",
        "END_FOR",
        "END_SEND",
        "SET_FUNCTION_ATTRIBUTE",
    }
)
"""Where no frame is left standing. The last one (3.13): a function that lacks its closure lies on the stack,
which no constructor makes. The others: for caution, the next instruction is as good."""


def action_here(flow: Flow, offset: int) -> Action | None:
    """How a frame goes on that is about to run the instruction at ``offset`` of its original code.

    None if it cannot be left there; then one of the next instructions will do.
    """
    index = flow.index_at(offset)
    known = index in flow.before and index >= len(opening_of(flow))
    if not known or flow.instructions[index].name in UNFIT:
        return None
    index = _before_hidden_state(flow, index)
    instruction = flow.instructions[index]
    return Action(Kind.HERE, instruction.name, instruction.offset, instruction.start, flow.before[index])


def _before_hidden_state(flow: Flow, index: int) -> int:
    """Up to 3.12 a call is begun by instructions that keep what they do beside the stack: KW_NAMES the names
    for the CALL, PRECALL (3.11) nothing that could not be done again."""
    while index and flow.instructions[index - 1].name in ("KW_NAMES", "PRECALL"):
        index -= 1
    return index
