"""``%teleport`` and its subcommands: arguments and words for the user, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyteleport_jupyter import frontends
from pyteleport_jupyter.interruption.messages import register as answer_requests
from pyteleport_jupyter.magics.completion import register_completion
from pyteleport_jupyter.magics.configuration import register_configuration
from pyteleport_jupyter.magics.line import SUBCOMMANDS, TeleportMagics
from pyteleport_jupyter.session.anchors import anchors

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def register(shell: InteractiveShell) -> None:
    """Register the magics with ``shell``, and let its kernel answer requests; idempotent."""
    shell.register_magics(TeleportMagics)
    register_completion(shell, SUBCOMMANDS)
    register_configuration(shell)
    # Looked at now, before a cell magic swaps them: streams and publishers that exist on both sides.
    anchors(shell)
    frontends.register(shell)
    if hasattr(shell, "kernel"):
        answer_requests(shell.kernel)
