"""The session comes back: :mod:`.homeward` on the host that it leaves, :mod:`.arrival` in the process that it
was started in.

Nothing is imported here: the two halves run in different processes.
"""
