"""Loaded in the kernels of the session tests: ``hop()`` and ``%hop`` move the session into the next kernel,
or do nothing.

The environment says which: HOPPING is ``stay`` or a file to write the snapshot into. The mover does not come
back: the harness reads the file, starts the cell again in another kernel and kills this one.
"""

import os
import sys
import threading

from IPython import get_ipython

from pyteleport_jupyter.objects import chunks
from pyteleport_jupyter.session import (
    Place,
    current_place,
    find_running_cell,
    modules_in_use,
    take_snapshot,
)
from pyteleport_jupyter.session.anchors import anchors

MARK = "application/x-hopped"


def hop():
    """Go on in the next kernel."""
    _leave(sys._getframe(1))


def _magic(line):
    _leave(sys._getframe(1))


def _leave(caller):
    where = os.environ.get("HOPPING", "stay")
    if where == "stay":
        return
    shell = get_ipython()
    cell = find_running_cell(shell, caller)
    pickled = take_snapshot(shell, cell, Place("there", "there", 0, current_place().home))
    with open(where, "wb") as file:
        for view in chunks.slices(pickled):
            file.write(view)
    with open(where + ".modules", "w") as file:
        file.write(" ".join(modules_in_use(shell, pickled)))
    for stream in (anchors(shell).resolve("stdout"), anchors(shell).resolve("stderr")):
        stream.flush()
    kernel = shell.kernel
    content = {"data": {MARK: where}, "metadata": {}, "transient": {}}
    kernel.session.send(kernel.iopub_socket, "display_data", content, kernel.get_parent("shell"))
    threading.Event().wait()


def load_ipython_extension(shell):
    anchors(shell)
    shell.register_magic_function(_magic, "line", "hop")
