"""The objects that an errand carries, on either side: made, and brought to where they were."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyteleport_jupyter.loops import abandon_restore, finish_restore
from pyteleport_jupyter.objects import Numbering, load
from pyteleport_jupyter.session.anchors import SessionAnchors
from pyteleport_jupyter.session.frontend_items import connect_comms


def rebuild(
    shell: Any, stream: Any, buffers: Iterable[Any], live: SessionAnchors, numbering: Numbering
) -> dict[str, Any]:
    """What was pickled; generators among it wait at their yields again. Raises RestoreFailed."""
    try:
        loaded = load(bytes(stream), buffers, live, numbering)
        finish_restore()
    except BaseException:
        # This process goes on: what is half made must not be finished by the next errand.
        abandon_restore()
        raise
    for step in loaded.deferred:
        step()
    connect_comms(shell)
    return loaded.root
