"""Threads that would stay behind: Python has no way to move one."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import thread as pool
from typing import Any

from pyteleport_jupyter.errors import ThreadsRunning

MADE_ANEW = {
    "pyteleport_jupyter": "ours",
    "ipykernel": "channels, heartbeat, output and the watch on the parent process: each kernel has its own",
    "IPython": "writes the history",
    "tqdm": "refreshes progress bars that stand still",
    "debugpy": "waits for a debugger",
    "_pydevd_bundle": "waits for a debugger",
    "zmq": "passes messages on",
    "tornado": "looks up host names",
    "jupyter_client": "talks to a kernel",
}
"""Packages whose threads are no obstacle, and why: the other side has its own, or needs none."""


def threads_in_the_way() -> list[threading.Thread]:
    """Other threads than the main one that run code of the session."""
    return [thread for thread in threading.enumerate() if not _is_harmless(thread)]


def check_threads(abandon: bool) -> None:
    """Raise ThreadsRunning if there are any, unless they are to be abandoned: they end with this process."""
    running = threads_in_the_way()
    if running and not abandon:
        raise ThreadsRunning(threads=", ".join(thread.name for thread in running))


def _is_harmless(thread: threading.Thread) -> bool:
    # A thread that something made without the module threading, for a moment, is nobody's.
    if thread is threading.main_thread() or isinstance(thread, threading._DummyThread):
        return True
    # A thread lets go of its function when it ends.
    target: Any = getattr(thread, "_target", None)
    made_by = {type(thread).__module__, getattr(target, "__module__", None)}
    packages = {name.partition(".")[0] for name in made_by if isinstance(name, str)}
    return bool(packages & MADE_ANEW.keys()) or _is_idle(thread)


def _is_idle(thread: threading.Thread) -> bool:
    """Whether it belongs to a pool (``asyncio.to_thread`` makes one) and waits for work."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and frame.f_code is vars(pool)["_worker"].__code__
