"""Weak references and proxies: what they refer to travels with them."""

from __future__ import annotations

import weakref
from typing import Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces


class _Referent:
    """Something to refer to weakly for as long as it takes to forget it."""


@reduces(weakref.ref, subclasses=True)
def reduce_reference(reference: Any, reduction: Reduction) -> Any:
    """A new reference to the object that travels; a dead one stays dead."""
    referent, kind = reference(), type(reference)
    if issubclass(kind, weakref.WeakMethod):
        raise CannotMove("it is of a class of your own made of weakref.WeakMethod")
    if kind is not weakref.ref:
        state: Any = object.__getstate__(reference)
        return make_own_reference, (kind, referent, reference.__callback__), state
    if referent is None:
        return make_dead_reference, ()
    return weakref.ref, (referent, reference.__callback__)


def make_own_reference(kind: type, referent: Any, callback: Any) -> Any:
    """A reference of another class, without asking that."""
    return weakref.ref.__new__(kind, _Referent() if referent is None else referent, callback)


def make_dead_reference() -> weakref.ref[Any]:
    """A reference whose object is gone."""
    return weakref.ref(_Referent())


@reduces(weakref.ProxyType, weakref.CallableProxyType)
def reduce_proxy(proxy: Any, reduction: Reduction) -> Any:
    """A proxy again; pickle would take it for the object itself and copy that."""
    try:
        return weakref.proxy, (proxy.__repr__.__self__,)
    except ReferenceError:
        return make_dead_proxy, ()


def make_dead_proxy() -> Any:
    """A proxy whose object is gone."""
    return weakref.proxy(_Referent())


@reduces(weakref.WeakMethod)
def reduce_weak_method(reference: Any, reduction: Reduction) -> Any:
    """As a weak reference, but to a bound method."""
    method = reference()
    return (make_dead_reference, ()) if method is None else (weakref.WeakMethod, (method,))


WEAK = (weakref.WeakValueDictionary, weakref.WeakKeyDictionary, weakref.WeakSet)


@reduces(weakref.WeakValueDictionary, weakref.WeakKeyDictionary, subclasses=True)
def reduce_weak_dictionary(mapping: Any, reduction: Reduction) -> Any:
    """What is in it now; the callbacks that remove entries are made anew."""
    base = _base_of(mapping)
    state = (list(base.items(mapping)), _own_attributes(mapping, base))
    return make_weak, (base, type(mapping)), state, None, None, set_weak


@reduces(weakref.WeakSet, subclasses=True)
def reduce_weak_set(weak: Any, reduction: Reduction) -> Any:
    """What is in it now."""
    state = (list(weakref.WeakSet.__iter__(weak)), _own_attributes(weak, weakref.WeakSet))
    return make_weak, (weakref.WeakSet, type(weak)), state, None, None, set_weak


def _base_of(weak: Any) -> Any:
    return next(base for base in WEAK if isinstance(weak, base))


def _own_attributes(weak: Any, base: Any) -> dict[str, Any]:
    """Those that the base has not made for itself."""
    return {name: value for name, value in vars(weak).items() if name not in vars(base())}


def make_weak(base: Any, kind: Any) -> Any:
    """An empty one, without asking a class of the user's."""
    made = base.__new__(kind)
    base.__init__(made)
    return made


def set_weak(weak: Any, state: tuple[list[Any], dict[str, Any]]) -> None:
    """Put in what was in it."""
    content, attributes = state
    base = _base_of(weak)
    for each in content:
        if base is weakref.WeakSet:
            base.add(weak, each)
        else:
            base.__setitem__(weak, *each)
    vars(weak).update(attributes)


@reduces(weakref.finalize)
def reduce_finalizer(finalizer: Any, reduction: Reduction) -> Any:
    """A finalizer of the object that travels; a dead one stays dead."""
    alive = finalizer.peek()
    if alive is None:
        return weakref.finalize.__new__, (weakref.finalize,)
    referent, function, args, options = alive
    return make_finalizer, (referent, function, args, options or {}, finalizer.atexit)


def make_finalizer(referent: Any, function: Any, args: Any, options: dict[str, Any], atexit: bool) -> Any:
    """``weakref.finalize`` with its wish whether to run at exit."""
    finalizer = weakref.finalize(referent, function, *args, **options)
    finalizer.atexit = atexit
    return finalizer
