"""Moves that are asked for from outside the running code: by a signal, a thread, or a frontend."""
