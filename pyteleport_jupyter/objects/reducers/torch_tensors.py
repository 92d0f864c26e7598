"""Tensors of torch: those that share memory there share it too; gradients come along.

What lies on a device that the other host lacks arrives in main memory, and goes back to its device on a host
that has it.
"""

from __future__ import annotations

import importlib
import pickle
import sys
from typing import Any

from pyteleport_jupyter.objects.array_memory import address_of, bytes_of
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import reduces

HOME_DEVICE = "_device_before_teleport"
"""Attribute of a tensor that is not on its own device here."""


@reduces("torch.Tensor", "torch.nn.parameter.Parameter")
def reduce_tensor(tensor: Any, reduction: Reduction) -> Any:
    """Its memory, shape, gradient and hooks. What was computed with ``requires_grad`` arrives as a value: the
    graph behind it stays, and asking it for ``backward()`` there is an error.
    """
    torch = sys.modules["torch"]
    if not _is_plain(tensor, torch):
        return NotImplemented
    reduction.modules.add("torch")
    reduction.used.add("torch")
    attributes = {name: value for name, value in vars(tensor).items() if name != HOME_DEVICE}
    device = vars(tensor).get(HOME_DEVICE, str(tensor.device))
    whole = tensor.detach().cpu() if tensor.device.type != "cpu" else tensor
    layout = (tensor.dtype, whole.storage_offset(), tuple(whole.size()), whole.stride())
    leaf = tensor.is_leaf and tensor.requires_grad
    state = (attributes, tensor.grad if tensor.is_leaf else None, tensor._backward_hooks)
    made = (type(tensor), whole.untyped_storage(), *layout, leaf, device)
    return make_tensor, made, state, None, None, set_tensor


def _is_plain(tensor: Any, torch: Any) -> bool:
    return bool(
        tensor.layout is torch.strided
        and tensor.device.type in ("cpu", "cuda", "mps", "xpu")
        and not (tensor.is_quantized or tensor.is_conj() or tensor.is_neg() or tensor.is_inference())
        and type(tensor) in (torch.Tensor, torch.nn.Parameter)
    )


def make_tensor(
    kind: Any,
    storage: Any,
    dtype: Any,
    offset: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    requires_grad: bool,
    device: str,
) -> Any:
    """A tensor in this memory; on its device if that is here."""
    torch: Any = importlib.import_module("torch")

    tensor = torch.empty(0, dtype=dtype).set_(storage, offset, size, stride)
    there = device == "cpu" or not is_here(device)
    tensor = tensor if there else tensor.to(device)
    tensor = torch.nn.Parameter(tensor, False) if kind is torch.nn.Parameter else tensor
    if there and device != "cpu":
        setattr(tensor, HOME_DEVICE, device)
    return tensor.requires_grad_() if requires_grad else tensor


def is_here(device: str) -> bool:
    """Whether this host has it: ``cuda:1``."""
    torch: Any = importlib.import_module("torch")

    kind, _, number = device.partition(":")
    backend: Any = getattr(torch, kind, None) if kind != "mps" else torch.backends.mps
    if backend is None or not backend.is_available():
        return False
    return kind == "mps" or int(number or 0) < backend.device_count()


def set_tensor(tensor: Any, state: tuple[dict[str, Any], Any, Any]) -> None:
    """Its own attributes, gradient and hooks."""
    attributes, grad, hooks = state
    vars(tensor).update(attributes)
    tensor._backward_hooks = hooks
    if grad is not None:
        tensor.grad = grad


@reduces("torch.storage.UntypedStorage")
def reduce_storage(storage: Any, reduction: Reduction) -> Any:
    """The memory of tensors, beside the stream and without a copy."""
    torch = sys.modules["torch"]
    if storage.device.type != "cpu":
        return NotImplemented
    if not storage.nbytes():
        return make_storage, (b"",)
    owner = reduction.memory.whole_of(storage, storage.data_ptr(), storage.nbytes())
    if owner is not None:
        return make_part, (owner, storage.data_ptr() - address_of(owner), storage.nbytes())
    array = torch.empty(0, dtype=torch.uint8).set_(storage).numpy()
    return make_storage, (pickle.PickleBuffer(array),)


def make_storage(content: Any) -> Any:
    """Storage in the memory of ``content``."""
    torch: Any = importlib.import_module("torch")

    if not len(content):
        return torch.UntypedStorage(0)
    return torch.frombuffer(content, dtype=torch.uint8).untyped_storage()


def make_part(owner: Any, offset: int, nbytes: int) -> Any:
    """Storage in the memory of an array, or of other storage, ``offset`` bytes behind its start."""
    torch: Any = importlib.import_module("torch")

    return torch.from_numpy(bytes_of(owner)[offset : offset + nbytes]).untyped_storage()


def remark(tensor: Any) -> str:
    """What is not the same of it there, as a clause; empty if all is."""
    torch = sys.modules["torch"]
    if not isinstance(tensor, torch.Tensor):
        return ""
    if tensor.grad_fn is not None:
        return "as a value: the graph that it was computed by stays"
    device = vars(tensor).get(HOME_DEVICE, str(tensor.device))
    return "" if device == "cpu" else f"on {device} where there is one, else in main memory"
