"""Frames of the stack and generators: what :mod:`pyteleport_jupyter.frames` knows, entered in the table."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import reduces


@reduces(GeneratorType, CoroutineType, AsyncGeneratorType)
def reduce_generator(generator: Any, reduction: Reduction) -> Any:
    """Suspended, running, finished or fresh."""
    from pyteleport_jupyter import frames

    return _with_shared(frames.reduce_generator(generator, reduction.running), reduction)


@reduces("builtins.async_generator_asend", "builtins.coroutine_wrapper")
def reduce_awaitable(awaitable: Any, reduction: Reduction) -> Any:
    """What an ``await`` or ``async for`` of the stack is waiting for."""
    from pyteleport_jupyter import frames

    return frames.reduce_awaitable(awaitable, reduction.running)


def use_stack(reduction: Reduction, stack: Any) -> None:
    """Let the snapshots of ``stack`` keep the identity of their globals."""
    for snapshot in getattr(stack, "all_frames", ()):
        reduction.prefer(type(snapshot), reduce_snapshot)
        reduction.shared(snapshot.globals)
    frames = getattr(stack, "all_frames", ())
    reduction.adopt_attributes([value for snapshot in frames for value in snapshot.values])


def reduce_snapshot(snapshot: Any, reduction: Reduction) -> Any:
    """Pickle's own way, but globals that belong to a module are written as a reference to them."""
    return _with_shared(object.__reduce_ex__(snapshot, pickle.HIGHEST_PROTOCOL), reduction)


def named_values(snapshot: Any) -> Iterator[tuple[str, Any]]:
    """What the variables of an interrupted frame hold, each with how a message names it."""
    from pyteleport_jupyter.frames.layout import local_names

    names, words = local_names(snapshot.code), snapshot.words
    for slot, value in zip(snapshot.shape.bound, snapshot.values, strict=False):
        yield f"local {names[slot]} of {words}", value
    if snapshot.locals is not None:
        yield f"the variables of {words}", snapshot.locals


def unnamed_values(snapshot: Any) -> Iterator[tuple[str, Any]]:
    """What an interrupted frame computes with at the moment, each with words for where that is."""
    for value in snapshot.values[len(snapshot.shape.bound) :]:
        yield f"a value in use in {snapshot.words}", value
    yield f"what is being made in {snapshot.words}", snapshot.extras


def _with_shared(reduced: Any, reduction: Reduction) -> Any:
    if not isinstance(reduced, tuple):
        return reduced
    function, args, *rest = reduced
    return (function, _share(args, reduction), *(_share(part, reduction) for part in rest))


def _share_one(value: Any, reduction: Reduction) -> Any:
    if type(value) in (tuple, list):
        return type(value)(map(reduction.shared, value))
    return reduction.shared(value)


def _share(part: Any, reduction: Reduction) -> Any:
    """``part`` of a reduce value with the globals that stand in it replaced by references to them."""
    if type(part) is tuple:
        return tuple(map(reduction.shared, part))
    if type(part) is dict and reduction.shared(part) is part:
        return {name: _share_one(value, reduction) for name, value in part.items()}
    return part
