"""A session on a lab host whose cells run on others."""

from __future__ import annotations

from collections.abc import Callable

from lab import Host, Lab, LabKernel


def session(lab: Lab, kernel_on: Callable[[Host], LabKernel], host: Host, code: str) -> LabKernel:
    """A kernel on ``host`` in which ``code`` has run."""
    lab.need_own_systems()
    kernel = kernel_on(host)
    begun = kernel.execute(code)
    assert begun.error is None, begun.error
    return kernel
