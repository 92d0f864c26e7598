"""Views and iterators that pickle would cut off from what they look at."""

from __future__ import annotations

import gc
import itertools
import operator
import pickle
import warnings
from collections import OrderedDict
from typing import Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

VIEWS: dict[type, str] = {
    type(getattr(kind(), name)()): name
    for kind in (dict, OrderedDict)
    for name in ("keys", "values", "items")
}
ITERATORS: dict[type, str] = {type(iter(getattr({}, name)())): name for name in ("keys", "values", "items")}
REVERSED: dict[type, str] = {
    type(reversed(getattr({}, name)())): name for name in ("keys", "values", "items")
}


@reduces(*VIEWS)
def reduce_view(view: Any, reduction: Reduction) -> Any:
    """A view of the same dict, not of a copy."""
    return make_view, (_dict_of(view), VIEWS[type(view)])


def make_view(viewed: dict[Any, Any], name: str) -> Any:
    """``viewed.keys()`` and its like."""
    return getattr(viewed, name)()


@reduces(*ITERATORS, *REVERSED)
def reduce_dict_iterator(iterator: Any, reduction: Reduction) -> Any:
    """An iterator of the same dict at the same place, so that it notices later changes of the dict."""
    viewed = _dict_of(iterator)
    left = operator.length_hint(iterator)
    if viewed is None or left == 0:
        return iter, ((),)
    if viewed is reduction.namespace:
        raise CannotMove("it goes over the variables of the notebook themselves; go over a copy of them")
    is_reversed = type(iterator) in REVERSED
    name = (REVERSED if is_reversed else ITERATORS)[type(iterator)]
    return make_dict_iterator, (viewed, name, is_reversed, len(viewed) - left)


def _dict_of(looker: Any) -> Any:
    # The only way to the dict: ``mapping`` is a proxy, and iterators have no attribute for it.
    return next((found for found in gc.get_referents(looker) if isinstance(found, dict)), None)


def make_dict_iterator(viewed: dict[Any, Any], name: str, is_reversed: bool, consumed: int) -> Any:
    """An iterator over a view of ``viewed`` that has given ``consumed`` elements."""
    view = getattr(viewed, name)()
    iterator = reversed(view) if is_reversed else iter(view)
    for _ in range(consumed):
        next(iterator)
    return iterator


ITERTOOLS = tuple(
    kind for kind in vars(itertools).values() if isinstance(kind, type) and "__reduce__" in vars(kind)
)


@reduces(*ITERTOOLS)
def reduce_itertools(iterator: Any, reduction: Reduction) -> Any:
    """Pickle's own way, without the warning that 3.12 and 3.13 give about it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return iterator.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
