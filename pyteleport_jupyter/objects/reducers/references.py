"""Weak references and proxies: what they refer to travels with them."""

from __future__ import annotations

import weakref
from typing import Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import reduces


class _Referent:
    """Something to refer to weakly for as long as it takes to forget it."""


@reduces(weakref.ref)
def reduce_reference(reference: Any, reduction: Reduction) -> Any:
    """A new reference to the object that travels; a dead one stays dead."""
    referent = reference()
    if referent is None:
        return make_dead_reference, ()
    return weakref.ref, (referent, reference.__callback__)


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


@reduces(weakref.WeakValueDictionary, weakref.WeakKeyDictionary)
def reduce_weak_dictionary(mapping: Any, reduction: Reduction) -> Any:
    """What is in it now; the callbacks that remove entries are made anew."""
    return type(mapping), (), None, None, iter(list(mapping.items()))


@reduces(weakref.WeakSet)
def reduce_weak_set(weak: Any, reduction: Reduction) -> Any:
    """What is in it now."""
    return weakref.WeakSet, (), list(weak), None, None, set_weak_set


def set_weak_set(weak: Any, content: list[Any]) -> None:
    """Put ``content`` into the set."""
    weak.update(content)


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
