"""``c.Teleport`` in IPython's configuration, and ``%config Teleport``: options of every move."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from traitlets import Any as AnyTrait
from traitlets import Bool, Dict, Enum, TraitError, TraitType, Unicode, validate
from traitlets.config import Configurable

from pyteleport_jupyter import settings
from pyteleport_jupyter.errors import OptionWrong
from pyteleport_jupyter.options import make_options


def _truth(text: str) -> TraitType[Any, Any]:
    return Bool(None, allow_none=True, help=text).tag(config=True)


class Teleport(Configurable):
    """Options of %teleport where the move itself, and ~/.config/pyteleport/hosts.toml, say nothing."""

    python = Unicode(None, allow_none=True, help="interpreter to use there").tag(config=True)
    setup = Unicode(None, allow_none=True, help="shell line run there first").tag(config=True)
    env = Dict(None, allow_none=True, help="environment variables to be set there").tag(config=True)
    via = Enum(["paramiko", "ssh"], None, allow_none=True, help="which ssh to use").tag(config=True)
    lease = AnyTrait(None, help="how long the far side lives without a link: '2h'").tag(config=True)
    limit = AnyTrait(None, help="ask before more is sent slowly: '2GB', 'none'").tag(config=True)
    home = _truth("whether sessions may come home")
    leave = _truth("what cannot move stays")
    install = _truth("install there what is missing")
    fresh_env = _truth("install it into an environment of its own")
    anyway = _truth("go although packages have other major versions there")
    with_files = _truth("files open for writing go along with their contents")
    keep = _truth("whether data may stay on a host, until the lease is over, when the session has left it")
    quiet = _truth("no line of progress")

    @validate("python", "setup", "lease", "limit")
    def _checked(self, proposal: Any) -> Any:
        if proposal["value"] is not None:
            try:
                make_options(**{proposal["trait"].name: proposal["value"]})
            except OptionWrong as error:
                facts = error.facts
                name = proposal["trait"].name
                raise TraitError(f"{name} cannot be {facts['given']}: {facts['reason']}") from None
        return proposal["value"]

    def tell(self, *changes: Any) -> None:
        """What is set counts from now on."""
        said = {name: getattr(self, name) for name in self.trait_names(config=True)}
        settings.configured.clear()
        settings.configured.update({name: value for name, value in said.items() if value is not None})


def register_configuration(shell: Any) -> None:
    """Read the configuration of ``shell``, and let ``%config Teleport`` change it; idempotent.

    Raises UsageError for what makes no sense in it.
    """
    if any(isinstance(part, Teleport) for part in shell.configurables):
        return
    try:
        made = Teleport(parent=shell)
    except TraitError as error:
        raise UsageError(f"c.Teleport: {error}") from None
    made.tell()
    made.observe(made.tell)
    shell.configurables.append(made)
