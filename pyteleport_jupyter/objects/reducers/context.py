"""Context variables and what is built on them; values are set later, in the context of the running cell."""

from __future__ import annotations

import contextvars
import sys
from contextvars import Context, ContextVar, Token
from functools import partial
from types import ModuleType
from typing import Any

from pyteleport_jupyter.loops import context_around
from pyteleport_jupyter.objects import names
from pyteleport_jupyter.objects.deferred import run_later
from pyteleport_jupyter.objects.reducers.tokens import set_first, value_in
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import reduces


@reduces(ContextVar)
def reduce_variable(variable: ContextVar[Any], reduction: Reduction) -> Any:
    """By name if a module holds it; else a new variable, set to its present value when the cell goes on."""
    where = _holder(variable)
    if where is not None:
        reduction.modules.add(where[0])
        return names.find_variable, where
    default = value_in(Context(), variable)
    here = context_around()
    current = value_in(here, variable) if variable in here else ()
    return make_variable, (variable.name, default), (current, run_later), None, None, set_variable


def _holder(variable: ContextVar[Any]) -> tuple[str, str] | None:
    for module_name, module in list(sys.modules.items()):
        if type(module) is ModuleType and names.is_importable_module(module_name):
            for name, value in list(vars(module).items()):
                if value is variable:
                    return module_name, name
    return None


def make_variable(name: str, default: tuple[Any, ...]) -> ContextVar[Any]:
    """A variable with its default, if any."""
    return ContextVar(name, default=default[0]) if default else ContextVar(name)


def set_variable(variable: ContextVar[Any], state: tuple[tuple[Any, ...], Any]) -> None:
    """Set the value later."""
    current, later = state
    if current:
        later(partial(set_first, variable, current[0]))


@reduces("numpy._core._ufunc_config.errstate", "numpy.core._ufunc_config.errstate", "numpy.errstate")
def reduce_error_state(state: Any, reduction: Reduction) -> Any:
    """``with numpy.errstate(...)``: entered again in the cell's context, on top of the outer settings."""
    token = getattr(state, "_token", None)
    if token is None:
        return NotImplemented
    inside = _settings()
    outside = contextvars.copy_context().run(_settings_before, token)
    return make_error_state, (outside, inside, run_later)


def _settings() -> dict[str, Any]:
    import numpy

    return dict(numpy.geterr(), call=numpy.geterrcall())


def _settings_before(token: Token[Any]) -> dict[str, Any]:
    if token.old_value is Token.MISSING:
        return Context().run(_settings)
    token.var.set(token.old_value)
    return _settings()


def make_error_state(outside: dict[str, Any], inside: dict[str, Any], later: Any) -> Any:
    """An ``errstate`` that is entered later."""
    import numpy

    state = numpy.errstate(**inside)
    later(partial(_enter, state, outside))
    return state


def _enter(state: Any, outside: dict[str, Any]) -> None:
    import numpy

    numpy.seterrcall(outside["call"])
    numpy.seterr(**{name: value for name, value in outside.items() if name != "call"})
    state.__enter__()
