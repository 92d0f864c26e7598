"""Tokens of context variables. One that is unused can only be made by setting the variable in the Context of
the running cell, so it comes last of all."""

from __future__ import annotations

import gc
from contextvars import Context, ContextVar, Token
from typing import Any

from pyteleport_jupyter.frames.pending import Pending, put_in_place
from pyteleport_jupyter.frames.priming import prime_held_back
from pyteleport_jupyter.loops import context_around
from pyteleport_jupyter.objects.deferred import run_later
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

Value = tuple[Any, ...]
"""A value, or nothing."""


@reduces(Token)
def reduce_token(token: Token[Any], reduction: Reduction) -> Any:
    """A used one as such; an unused one if it belongs to the context of the cell."""
    old = () if token.old_value is Token.MISSING else (token.old_value,)
    if "used" in repr(token).split(" ", 2)[1]:
        return make_used_token, (token.var, old)
    if not _is_of_this_context(token):
        raise CannotMove(
            f"it can only reset {token.var.name} in the context where it was set; reset it first"
        )
    return PendingToken, (token.var, old, value_in(context_around(), token.var), run_later)


def _is_of_this_context(token: Token[Any]) -> bool:
    """The collector is shown the context of a token (Python/context.c, token_tp_traverse)."""
    probe: ContextVar[None] = ContextVar("probe")
    here = probe.set(None)
    probe.reset(here)
    return _context_of(token) is _context_of(here)


def _context_of(token: Token[Any]) -> Context | None:
    return next((each for each in gc.get_referents(token) if isinstance(each, Context)), None)


def value_in(context: Context, variable: ContextVar[Any]) -> Value:
    """The value in a tuple, or an empty one."""
    try:
        return (context.run(variable.get),)
    except LookupError:
        return ()


class PendingToken(Pending):
    """Stands for a token until the cell goes on."""

    def __init__(self, variable: ContextVar[Any], old: Value, current: Value, later: Any) -> None:
        self.variable, self.old, self.current = variable, old, current
        _first.setdefault(variable, None)
        later(self.make)

    def make(self) -> None:
        """Make the token, in the Context of the cell."""
        token = _first.pop(self.variable, None) if not self.old else None
        if self.old:
            self.variable.set(self.old[0])
        if token is None:
            token = self.variable.set(*self.current or (None,))
        put_in_place(self, token)
        prime_held_back()


_first: dict[ContextVar[Any], Token[Any] | None] = {}
"""Variables of pending tokens, with the token of their first setting: it knows that there was no value."""


def set_first(variable: ContextVar[Any], value: Any) -> None:
    """Set a variable in the Context of the cell, which has not had it yet."""
    token = variable.set(value)
    if variable in _first:
        _first[variable] = token


def make_used_token(variable: ContextVar[Any], old: Value) -> Token[Any]:
    """A token that has been used."""
    return Context().run(_use_token, variable, old)


def _use_token(variable: ContextVar[Any], old: Value) -> Token[Any]:
    if old:
        variable.set(old[0])
    token = variable.set(None)
    variable.reset(token)
    return token
