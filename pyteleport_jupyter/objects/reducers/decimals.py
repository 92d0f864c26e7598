"""``decimal.localcontext()``: what C keeps in it, which only entering and leaving it shows."""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

if TYPE_CHECKING:
    import decimal


@reduces("decimal.ContextManager")
def reduce_local_context(manager: Any, reduction: Reduction) -> Any:
    """Rebuilt with the very contexts that leaving and entering it make the current one."""
    import decimal

    if not decimal.HAVE_CONTEXTVAR:
        raise CannotMove("decimal was built without context variables here, so its contexts cannot be read")
    outside = copy_context().run(_outside, manager)
    return make_local_context, (outside, copy_context().run(manager.__enter__))


def _outside(manager: Any) -> decimal.Context:
    import decimal

    manager.__exit__(None, None, None)
    return decimal.getcontext()


def make_local_context(outside: decimal.Context, inside: decimal.Context) -> Any:
    """One that leaves to ``outside``. Nobody can tell ``inside`` from a copy of it: it is entered already, or
    was never handed out."""
    return copy_context().run(_make, outside, inside)


def _make(outside: decimal.Context, inside: decimal.Context) -> Any:
    import decimal

    decimal.setcontext(outside)
    return decimal.localcontext(inside)
