"""What a frontend wants to know while no kernel is loaded that could say it: an extension of jupyter_server.

The wheel enables it (``enabled.json``, which lands in ``etc/jupyter/jupyter_server_config.d``).
"""

from __future__ import annotations

from typing import Any

MODULE = "pyteleport_jupyter.server_extension"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """See jupyter_server's documentation, ``developers/extensions.html``."""
    return [{"module": MODULE}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Add our addresses to ``server``, a ServerApp."""
    # Not before a server is there: kernels and scripts have no jupyter_server.
    from pyteleport_jupyter.server_extension.handlers import handlers

    server.web_app.add_handlers(".*$", handlers(server.web_app.settings["base_url"]))
