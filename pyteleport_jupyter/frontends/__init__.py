"""What frontends that know us are told: where the session is, and how a move goes. Their half is ``js/``."""

from pyteleport_jupyter.frontends.telling import comms, move, place, register

__all__ = ["comms", "move", "place", "register"]
