"""Programs outside of Jupyter: scripts, ``python -c``, ``python -m``, and the interpreter's prompt.

What a running program consists of (:mod:`.program`, :mod:`.items`), how it becomes one
pickle and goes on from it (:mod:`.snapshot`, :mod:`.restore`), and its road (:mod:`.road`). Nothing here
needs IPython.
"""
