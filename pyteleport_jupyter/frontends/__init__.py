"""What frontends that know us are told: where the session is, and how a move goes. Their half is ``js/``."""

from pyteleport_jupyter.frontends.telling import comms, given_up, move, one_try, place, register

__all__ = ["comms", "given_up", "move", "one_try", "place", "register"]
