"""Locks as they are held by the caller, and what belongs to threads that cannot come along."""

from __future__ import annotations

import re
import threading
from typing import Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

Lock: type = type(threading.Lock())
RecursiveLock: type = type(threading.RLock())


@reduces(Lock)
def reduce_lock(lock: Any, reduction: Reduction) -> Any:
    """Held there if held here."""
    return make_lock, (lock.locked(),)


def make_lock(is_held: bool) -> Any:
    """A lock, acquired if it was."""
    lock = threading.Lock()
    if is_held:
        lock.acquire()
    return lock


@reduces(RecursiveLock)
def reduce_recursive_lock(lock: Any, reduction: Reduction) -> Any:
    """Held there as many times by the main thread as here by this one."""
    # The count has no accessor; the text of repr is made in Modules/_threadmodule.c, rlock_repr.
    owner, count = map(int, re.findall(r"(?:owner|count)=(\d+)", repr(lock)))
    if owner and not lock._is_owned():
        raise CannotMove("another thread holds it")
    return make_recursive_lock, (count if owner else 0,)


def make_recursive_lock(count: int) -> Any:
    """A recursive lock, acquired ``count`` times."""
    lock = threading.RLock()
    for _ in range(count):
        lock.acquire()
    return lock


@reduces(threading.Condition, subclasses=True)
def reduce_condition(condition: Any, reduction: Reduction) -> Any:
    """Pickle's own way unless a thread waits."""
    if condition._waiters:
        raise CannotMove("a thread waits for it")
    return NotImplemented


@reduces(threading.local, subclasses=True)
def reduce_local(local: Any, reduction: Reduction) -> Any:
    """What this thread has in it, for the main thread there."""
    return threading.local.__new__, (type(local),), dict(vars(local)), None, None, set_local


def set_local(local: Any, content: dict[str, Any]) -> None:
    """Fill the part of the current thread."""
    vars(local).update(content)


@reduces(threading.Thread, subclasses=True)
def refuse_thread(thread: threading.Thread, reduction: Reduction) -> Any:
    """Never: a copy would look alive and do nothing."""
    state = "runs here" if thread.is_alive() else "belongs to this process, although it does not run"
    raise CannotMove(f"this thread {state}")


@reduces("concurrent.futures._base.Future", subclasses=True)
def reduce_future(future: Any, reduction: Reduction) -> Any:
    """A finished one is plain data."""
    if not future.done():
        raise CannotMove("its result is still being computed by a thread or process here")
    return NotImplemented
