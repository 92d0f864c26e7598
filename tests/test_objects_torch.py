"""Tensors of torch arrive with what they share and their gradients. Runs where torch is installed; it is too
large for the packages of the tests.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from objects_travel import Far, pickled_of

from pyteleport_jupyter.inventory.stock import plan_of, session_of_main
from pyteleport_jupyter.inventory.verdicts import without_graph
from pyteleport_jupyter.objects.reducers import torch_tensors
from pyteleport_jupyter.session.process_items import capture_arithmetic, restore_arithmetic

torch: Any = pytest.importorskip("torch")
pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]


def test_memory_is_shared_and_gradients_come_along(move: Move) -> None:
    far = move(
        """
        import torch
        t = torch.arange(12.); v = t[2:]; w = t.view(3, 4); e = torch.ones(0, 3); b = torch.ones(3, dtype=torch.bfloat16)
        g = torch.ones(3, requires_grad=True); (g * 2).sum().backward()
        net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU()); weight = net[0].weight
        opt = torch.optim.SGD(net.parameters()); net(torch.ones(1, 3)).sum().backward()
        gen = torch.Generator().manual_seed(5); s = torch.eye(3).to_sparse(); p = torch.ones(2); p.note = 'mine'
        def step():
            t[5] = 50
            return v[3].item(), w[1, 1].item(), net[0].weight is weight
        """
    )
    assert (
        far("(g.grad.tolist(), g.is_leaf, weight.grad is not None, p.note)")
        == "([2.0, 2.0, 2.0], True, True, 'mine')"
    )
    assert far("opt.param_groups[0]['params'][0] is weight") == "True"
    assert far("step()") == "(50.0, 50.0, True)"
    assert far("(tuple(e.shape), str(b.dtype), s.to_dense().sum().item(), type(weight).__name__)") == (
        "((0, 3), 'torch.bfloat16', 3.0, 'Parameter')"
    )
    assert far("gen.initial_seed()") == "5"


def test_a_graph_stays_and_the_plan_says_so(own_main: None, far_process: Far) -> None:
    far_process.load(pickled_of("import torch; g = torch.ones(3, requires_grad=True); loss = (g * 2).sum()"))
    assert far_process("(loss.item(), loss.requires_grad, g.requires_grad)") == "(6.0, False, True)"
    with pytest.raises(AssertionError, match="does not require grad"):
        far_process("loss.backward()")
    namespace = vars(sys.modules["__main__"])
    rows = {row.name: (row.verdict, row.reason) for row in plan_of(None, session_of_main(namespace))}
    assert rows["loss"] == ("rebuilt", "as a value: the graph that it was computed by stays")
    assert rows["g"] == ("moves", "")
    assert without_graph(namespace) == ["loss"]


@pytest.mark.parametrize(
    ("source", "question", "answer"),
    [
        ("a = np.arange(4.0); t = torch.from_numpy(a); n = t[1:]", "(a.__setitem__(1, 9), t[1].item(), n[0].item())", "(None, 9.0, 9.0)"),
        ("a = np.arange(4.0); t = torch.from_numpy(a[2:]); b = a; del a; a = b", "(a.__setitem__(2, 9), t[0].item())", "(None, 9.0)"),
        ("t = torch.arange(4.0); a = t.numpy(); b = a[1:]", "(a.__setitem__(1, 9), t[1].item(), float(b[0]))", "(None, 9.0, 9.0)"),
        ("pairs = []\nfor _ in range(300): x = np.arange(9.0); pairs.append((torch.from_numpy(x[3:]), x))", "[(x.__setitem__(3, 9), t[0].item()) for t, x in pairs] == [(None, 9.0)] * 300", "True"),
    ],
)  # fmt: skip
def test_memory_is_shared_with_arrays(move: Move, source: str, question: str, answer: str) -> None:
    assert move(f"import numpy as np, torch\n{source}")(question) == answer


def test_memory_is_not_copied(own_main: None) -> None:
    pickled = pickled_of("import torch; t = torch.zeros(1 << 20); v = t[1:]")
    assert [buffer.nbytes for buffer in pickled.buffers] == [4 << 20]
    vars(sys.modules["__main__"])["t"][0] = 1
    assert bytes(pickled.buffers[0][:4]) == b"\x00\x00\x80\x3f"


def test_a_device_that_is_not_there_is_remembered() -> None:
    storage = torch.ones(4).untyped_storage()
    tensor = torch_tensors.make_tensor(
        torch.nn.Parameter, storage, torch.float32, 0, (4,), (1,), True, "cuda:7"
    )
    assert (type(tensor), tensor.device.type, tensor.requires_grad) == (torch.nn.Parameter, "cpu", True)
    assert torch_tensors.remark(tensor) == "on cuda:7 where there is one, else in main memory"
    from pyteleport_jupyter.objects import NamespaceAnchors
    from pyteleport_jupyter.objects.reduction import Reduction

    _, arguments, state, *_ = torch_tensors.reduce_tensor(tensor, Reduction(NamespaceAnchors({}), {}))
    assert arguments[-1] == "cuda:7"
    assert state[0] == {}
    assert not torch_tensors.is_here("cuda:7")
    assert not torch_tensors.is_here("mps")


def test_it_goes_back_to_its_device_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that is only played: ``to`` is called with its name, also after a host that lacks it."""
    sent: list[str] = []

    def pretend(tensor: Any, device: str) -> Any:
        sent.append(device)
        return tensor.clone()

    from pyteleport_jupyter.objects import NamespaceAnchors
    from pyteleport_jupyter.objects.reduction import Reduction

    layout = (torch.float32, 0, (4,), (1,), True)
    away = torch_tensors.make_tensor(torch.nn.Parameter, torch.ones(4).untyped_storage(), *layout, "cuda:1")
    make, arguments, *_ = torch_tensors.reduce_tensor(away, Reduction(NamespaceAnchors({}), {}))
    monkeypatch.setattr(torch_tensors, "is_here", lambda device: device == "cuda:1")
    monkeypatch.setattr(torch.Tensor, "to", pretend)
    back = make(*arguments)
    assert sent == ["cuda:1"]
    assert (type(back), back.requires_grad, back.tolist()) == (torch.nn.Parameter, True, [1.0] * 4)
    assert torch_tensors.HOME_DEVICE not in vars(back)


def test_a_module_and_its_optimizer_go_on(move: Move) -> None:
    far = move(
        """
        import torch
        torch.manual_seed(1)
        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__(); self.a = torch.nn.Linear(3, 3); self.b = torch.nn.Linear(3, 3)
                self.b.weight = self.a.weight; self.register_buffer('seen', torch.zeros(1))
            def forward(self, x): self.seen += 1; return self.b(self.a(x).relu())
        net = Net(); opt = torch.optim.Adam(net.parameters()); plan = torch.optim.lr_scheduler.StepLR(opt, 1)
        def step():
            opt.zero_grad(); loss = net(torch.ones(2, 3)).pow(2).sum(); loss.backward(); opt.step(); plan.step()
            return loss.item()
        first = [step() for _ in range(3)]; drawn = torch.get_rng_state()
        """
    )
    namespace = vars(sys.modules["__main__"])
    assert far("[step() for _ in range(3)]") == repr([namespace["step"]() for _ in range(3)])
    assert far("(net.a.weight is net.b.weight, net.seen.item(), plan.last_epoch, opt is plan.optimizer)") == (
        "(True, 6.0, 6, True)"
    )


def test_settings_that_code_may_be_in_the_midst_of() -> None:
    with torch.no_grad():
        state = capture_arithmetic(None, None)
    try:
        restore_arithmetic(None, state)
        assert not torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(True)
