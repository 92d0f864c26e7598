"""Moves that are asked for from outside the running code: by a signal, a thread, or a frontend.

:mod:`.watch` is called before every instruction while a move is wanted, :mod:`.request` tries one after the
other, :mod:`.road` knows how this kind of process leaves.
"""

from .request import Request, request_teleport
from .standing import teleport_on

__all__ = ["Request", "request_teleport", "teleport_on"]
