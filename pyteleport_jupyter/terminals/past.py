"""The history database of a terminal's session. Elsewhere it is in memory only: what is typed there is told
home, line by line, and written down there (:mod:`..relay.terminal_history`); so it is there whatever becomes
of the far side.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pyteleport_jupyter.homecoming import history
from pyteleport_jupyter.relay.terminal_history import LINE_LIMIT, TYPED
from pyteleport_jupyter.remote import upstream
from pyteleport_jupyter.remote.activity import DOING

MEMORY = ":memory:"


def write_out(shell: Any) -> None:
    """What waits to be written is written: this process will not come to it. A full disk must not keep the
    session here.
    """
    with suppress(Exception):
        shell.history_manager.writeout_cache()


def database(shell: Any) -> dict[str, Any] | None:
    """Where home writes what is typed elsewhere: file and number of the session; None for nowhere."""
    record = history.as_record(shell)
    if upstream.control() is not None or not record["enabled"] or record["file"] == MEMORY:
        return None
    return {"file": record["file"], "session": record["session"]}


def as_record(shell: Any) -> dict[str, Any]:
    """What the process of ``shell`` needs to be it again."""
    return {
        "history": history.as_record(shell),
        "ipython_dir": str(shell.ipython_dir),
        "profile": str(shell.profile_dir.location),
    }


def tell_home(shell: Any) -> None:
    """From now on each line typed here is told home, and the supervisor when a cell runs."""

    def tell(info: Any) -> None:
        if not info.store_history or len(info.raw_cell) > LINE_LIMIT:
            return
        # The prompt number has been counted on by now in IPython 9, and has not in 8.
        number = len(shell.history_manager.input_hist_raw)
        source = getattr(info, "transformed_cell", None) or info.raw_cell
        _say(TYPED, line=number, source=source[:LINE_LIMIT], raw=info.raw_cell.rstrip("\n"))

    def begin(info: Any) -> None:
        _say(DOING, request="a cell")

    def end(result: Any) -> None:
        _say(DOING, request="")

    for event, callback in (("pre_run_cell", tell), ("pre_run_cell", begin), ("post_run_cell", end)):
        shell.events.register(event, callback)


def _say(what: str, **fields: object) -> None:
    control = upstream.control()
    if control is not None:
        with suppress(OSError):
            control.say(what, **fields)
