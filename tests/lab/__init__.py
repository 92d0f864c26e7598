"""Hosts to teleport between, with names, users and homes of their own, and faults on the way."""

from .commands import LabUnavailable
from .fault_proxy import Direction, FaultProxy
from .hosts import Host
from .kernels import CellRun, LabKernel
from .laboratory import INSIDE, USER_NAMESPACE, Lab, LeftBehind, choose_mode
from .specification import NOTEBOOK, PASSWORD, SPECIFICATIONS, TARGET
from .traces import Traces

__all__ = [
    "INSIDE",
    "NOTEBOOK",
    "PASSWORD",
    "SPECIFICATIONS",
    "TARGET",
    "USER_NAMESPACE",
    "CellRun",
    "Direction",
    "FaultProxy",
    "Host",
    "Lab",
    "LabKernel",
    "LabUnavailable",
    "LeftBehind",
    "Traces",
    "choose_mode",
]
