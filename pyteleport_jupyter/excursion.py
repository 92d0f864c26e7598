"""``with away("cartesius"): ...``: the block runs there, and behind it the session is back where it was.

The frames of this module are part of what moves: from leaving to coming back they are in the midst of the
user's stack.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.session.place import HOME, current_place

TRAVELS = True
"""Read by those who look for the frames of the user's code; see :func:`.session.running_cell.is_ours`."""


class Away:
    """See ``pyteleport_jupyter.away``. One may be entered any number of times."""

    def __init__(self, teleport: Callable[..., None], target: str, options: dict[str, Any]) -> None:
        self._teleport = teleport
        self._target = target
        self._options = options
        self._came_from: list[str] = []

    def __enter__(self) -> Away:
        came_from = current_place().target
        self._teleport(self._target, **{"home": True, **self._options})
        self._came_from.append(came_from)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Back, also with an exception, which goes on there. If that is impossible, it goes on here."""
        back_to = self._came_from.pop()
        try:
            self._teleport(back_to, **({} if back_to == HOME else self._options))
        except TeleportError as error:
            print(f"not back from {self._target}: {error.sentence()}", file=sys.stderr)
