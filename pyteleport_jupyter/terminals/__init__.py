"""IPython in a terminal: a session as a kernel has one, in a process as a script is one.

What the session consists of is :mod:`..session`'s; the road, the streams and what this process becomes are
those of :mod:`..scripts`. What is only here: the prompt (:mod:`.prompt`), which is made anew there, and goes
on with the running cell and then with the next number (:mod:`.arrival`); the road's two ends
(:mod:`.road`).
"""
