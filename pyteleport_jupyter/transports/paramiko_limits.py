"""What of a user's ssh settings paramiko cannot do; the system's ssh connects then."""

from __future__ import annotations

from pyteleport_jupyter.transports.authentication import ORDER
from pyteleport_jupyter.transports.control_master import has_live_master
from pyteleport_jupyter.transports.failures import ParamikoLacks
from pyteleport_jupyter.transports.identity_files import KeyFileUnusable, inspect_key_file
from pyteleport_jupyter.transports.ssh_settings import Settings

_KEYWORDS = {
    "pkcs11provider": "a smart card (PKCS11Provider)",
    "knownhostscommand": "KnownHostsCommand",
    "revokedhostkeys": "RevokedHostKeys",
    "bindinterface": "BindInterface",
}
"""Settings that must not be ignored, with what to call them."""


def check_limits(settings: Settings) -> None:
    """Raise ParamikoLacks if ``settings`` need more than paramiko has."""
    for keyword, name in _KEYWORDS.items():
        if settings.said(keyword):
            raise ParamikoLacks(f"the ssh configuration says {name}")
    if settings.said("proxyusefdpass") == "yes":
        raise ParamikoLacks("the ssh configuration says ProxyUseFdpass")
    if settings.preferred_authentications and not set(settings.preferred_authentications) & set(ORDER):
        raise ParamikoLacks(f"the ssh configuration wants {', '.join(settings.preferred_authentications)}")
    if has_live_master(settings.said("controlpath")):
        raise ParamikoLacks("a connection of ssh (ControlMaster) is up and can be shared")
    for path in settings.identity_files:
        if _is_security_key(path):
            raise ParamikoLacks(f"{path} is a security key")


def _is_security_key(path: str) -> bool:
    try:
        public = inspect_key_file(path).public
    except (OSError, KeyFileUnusable):
        return False
    return public is not None and public.kind.startswith("sk-")
