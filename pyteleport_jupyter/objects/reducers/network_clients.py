"""Clients of web services: their settings travel, and connections that wait in their pools do not."""

from __future__ import annotations

import importlib
from typing import Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

SETTINGS = (
    "options", "verify_flags", "minimum_version", "maximum_version", "post_handshake_auth", "sni_callback",
    "hostname_checks_common_name", "keylog_filename",
)  # fmt: skip


@reduces("ssl.SSLContext")
def reduce_context(context: Any, reduction: Reduction) -> Any:
    """With its settings and the authorities that it trusts. A certificate of its own it tells nobody: load
    that again there.
    """
    settings = {name: getattr(context, name) for name in SETTINGS}
    checks = (context.check_hostname, context.verify_mode)
    # TLS 1.3 has ciphers of its own, which cannot be chosen.
    ciphers = [each["name"] for each in context.get_ciphers() if "TLSv1.3" not in str(each.get("protocol"))]
    trusted = context.get_ca_certs(binary_form=True)
    return make_context, (context.protocol, settings, checks, ciphers, context.security_level, trusted)


def make_context(
    protocol: Any,
    settings: dict[str, Any],
    checks: tuple[bool, Any],
    ciphers: list[str],
    level: int,
    trusted: list[bytes],
) -> Any:
    """A context that trusts the same; one that has loaded nothing, and checks, looks into the system's."""
    ssl = importlib.import_module("ssl")
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = checks[1]
    context.check_hostname = checks[0]
    if ciphers:
        context.set_ciphers(":".join([*ciphers, f"@SECLEVEL={level}"]))
    for name, value in settings.items():
        if getattr(context, name) != value:
            setattr(context, name, value)
    if trusted:
        context.load_verify_locations(cadata=b"".join(trusted))
    elif checks[1] != ssl.CERT_NONE:
        context.set_default_verify_paths()
    return context


@reduces("httpcore.ConnectionPool", "httpcore.AsyncConnectionPool")
def reduce_pool(pool: Any, reduction: Reduction) -> Any:
    """The pool of a client of `httpx`, without connections that wait for the next request."""
    if any(not (each.is_idle() or each.is_closed()) for each in pool._connections):
        raise CannotMove("a request is under way")
    return object.__new__, (type(pool),), {**vars(pool), "_connections": []}


@reduces("urllib3.connectionpool.HTTPConnectionPool", subclasses=True)
def reduce_queue_of_connections(pool: Any, reduction: Reduction) -> Any:
    """The pool of a client of `urllib3` (that of `boto3`), without connections that wait."""
    state = dict(vars(pool))
    if pool.pool is not None:
        state["pool"] = pool.QueueCls(pool.pool.maxsize)
        while not state["pool"].full():
            state["pool"].put(None)
    return object.__new__, (type(pool),), state
