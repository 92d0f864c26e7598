"""Views and iterators that pickle would cut off from what they look at."""

from __future__ import annotations

import copy
import gc
import itertools
import operator
import pickle
import types
import warnings
from collections import OrderedDict, deque
from functools import cache
from types import MappingProxyType
from typing import Any

from pyteleport_jupyter.frames.layout import word_at
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
    return getattr(OrderedDict if isinstance(viewed, OrderedDict) else dict, name)(viewed)


@reduces(MappingProxyType)
def reduce_mapping_proxy(proxy: Any, reduction: Reduction) -> Any:
    """A view of the same mapping, not of a copy; of the attributes of a class, if it shows these."""
    (viewed,) = gc.get_referents(proxy)
    shown = _class_with(viewed) if type(viewed) is dict else None
    return (vars, (shown,)) if shown is not None else (MappingProxyType, (reduction.shared(viewed),))


DESCRIPTORS = (
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)
"""What almost any class holds that knows its class."""


def _class_with(attributes: dict[str, Any]) -> type | None:
    """The class whose attributes these are."""
    kinds = (value.__objclass__ for value in attributes.values() if type(value) in DESCRIPTORS)
    return next((kind for kind in kinds if gc.get_referents(vars(kind)) == [attributes]), None)


@reduces(*ITERATORS, *REVERSED)
def reduce_dict_iterator(iterator: Any, reduction: Reduction) -> Any:
    """An iterator of the same dict at the same place, so that it notices later changes of the dict."""
    viewed = _dict_of(iterator)
    if viewed is None:
        return iter, ((),)
    if viewed is reduction.namespace:
        raise CannotMove("it goes over the variables of the notebook themselves; go over a copy of them")
    is_reversed = type(iterator) in REVERSED
    name = (REVERSED if is_reversed else ITERATORS)[type(iterator)]
    left = operator.length_hint(iterator)
    if not left and _is_exhausted(iterator, viewed):
        return make_dict_iterator, (viewed, name, is_reversed, len(viewed), len(viewed))
    return make_dict_iterator, (viewed, name, is_reversed, len(viewed) - left if left else None, len(viewed))


def _is_exhausted(iterator: Any, viewed: dict[Any, Any]) -> bool:
    """Whether an iterator without elements left has given all of them; else its dict has changed its size."""
    # No more than one look: an exhausted iterator lets go of its dict, one of a changed dict stays as it is.
    try:
        next(iterator)
    except StopIteration:
        return True
    except RuntimeError:
        return False
    raise CannotMove("it cannot be told how far it has come")


def _dict_of(looker: Any) -> Any:
    # The only way to the dict: ``mapping`` is a proxy, and iterators have no attribute for it.
    return next((found for found in gc.get_referents(looker) if isinstance(found, dict)), None)


def make_dict_iterator(
    viewed: dict[Any, Any], name: str, is_reversed: bool, consumed: int | None, size: int
) -> Any:
    """An iterator over a view of ``viewed`` that has given ``consumed`` elements; None: one that will say
    that the dict has changed its size."""
    if len(viewed) != size:
        raise ValueError("a dict that is being iterated over is not complete yet")
    view = getattr(dict, name)(viewed)
    if consumed is not None:
        return _advanced(reversed(view) if is_reversed else iter(view), consumed)
    key = object()
    dict.__setitem__(viewed, key, None)
    iterator = reversed(view) if is_reversed else iter(view)
    dict.__delitem__(viewed, key)
    return iterator


def _advanced(iterator: Any, consumed: int) -> Any:
    for _ in range(consumed):
        next(iterator)
    return iterator


SECOND = operator.itemgetter(1)
"""The function of those iterators that :func:`make_guarded` makes."""


@reduces(type(iter(set())), type(iter(OrderedDict())))
def reduce_unordered_iterator(iterator: Any, reduction: Reduction) -> Any:
    """The rest in the order it would have had here, and word of changes of the set (or the OrderedDict)."""
    iterated = _iterated_by(iterator)
    left = _left_of(iterator)
    if iterated is None or isinstance(iterated, frozenset):
        return iter, (left,)
    return make_guarded, (iterated, left, len(iterated))


def _left_of(iterator: Any) -> list[Any] | None:
    """What is still to come; None if what it goes over has changed."""
    try:
        left: list[Any] = iterator.__reduce__()[1][0]
    except RuntimeError:
        return None
    return left


def _iterated_by(iterator: Any) -> Any:
    return next((each for each in gc.get_referents(iterator) if isinstance(each, ITERATED)), None)


ITERATED = (set, frozenset, OrderedDict)


STATE_OF_ITERATOR, STATE_OF_DEQUE = 40, 56
"""Where an iterator of a deque keeps the count of changes that the deque had, and the deque its own
(Modules/_collectionsmodule.c, 3.11 to 3.14)."""


@reduces(type(iter(deque())), type(reversed(deque())))
def reduce_deque_iterator(iterator: Any, reduction: Reduction) -> Any:
    """Pickle's own way; but if the deque has changed meanwhile, the next step has to say so."""
    if not _counts_are_read() or not _has_changed(iterator):
        return NotImplemented
    return make_outdated_iterator, (type(iterator), operator.length_hint(iterator))


def make_outdated_iterator(kind: Any, length: int) -> Any:
    """An iterator over a deque that has changed."""
    iterated: deque[None] = deque([None] * length)
    iterator = kind(iterated)
    iterated.append(None)
    return iterator


def _has_changed(iterator: Any) -> bool:
    iterated = next((each for each in gc.get_referents(iterator) if isinstance(each, deque)), None)
    if iterated is None:
        return False
    return word_at(id(iterator) + STATE_OF_ITERATOR) != word_at(id(iterated) + STATE_OF_DEQUE)


@cache
def _counts_are_read() -> bool:
    probe = deque([1])
    probe.append(2)
    return not _has_changed(iter(probe)) and _has_changed(make_outdated_iterator(type(iter(probe)), 2))


@reduces(map)
def reduce_map(mapped: Any, reduction: Reduction) -> Any:
    """Pickle's own way, but for what :func:`make_guarded` made: that would grow with each move."""
    reduced = mapped.__reduce__()
    if reduced[1][0] is not SECOND:
        return reduced
    guard, rest = reduced[1][1].__reduce__()[1]
    iterated = _iterated_by(guard)
    left = None if iterated is not None and _left_of(guard) is None else list(copy.copy(rest))
    return (iter, (left,)) if iterated is None else (make_guarded, (iterated, left, len(iterated)))


def make_guarded(iterated: Any, left: list[Any] | None, size: int) -> Any:
    """An iterator over ``left`` that raises what an iterator over ``iterated`` raises if that changes.

    ``left`` is None if it has changed already.

    All of it is C, so that there is no frame of ours: another iterator of the same length goes along with it.
    """
    if len(iterated) != size:
        raise ValueError("what is being iterated over is not complete yet")
    if left is not None:
        guard = _advanced(iter(iterated), size - len(left))
    elif isinstance(iterated, set):
        key = object()
        set.add(iterated, key)
        guard = iter(iterated)
        set.discard(iterated, key)
    else:
        key = object()
        guard = iter(iterated)
        OrderedDict.__setitem__(iterated, key, None)
        OrderedDict.__delitem__(iterated, key)
    return map(SECOND, zip(guard, left or (), strict=False))


ITERTOOLS = tuple(
    kind for kind in vars(itertools).values() if isinstance(kind, type) and "__reduce__" in vars(kind)
)


@reduces(*ITERTOOLS)
def reduce_itertools(iterator: Any, reduction: Reduction) -> Any:
    """Pickle's own way, without the warning that 3.12 and 3.13 give about it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return iterator.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
