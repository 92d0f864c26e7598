"""What runs on the target: first stage, landing, leash, supervisor, kernel.

The first three run before our package is there: their source is sent along (see :mod:`.first_stage`).
"""
