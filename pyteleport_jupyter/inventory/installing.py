"""What the target lacks is installed there, before the session goes: this side of it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from importlib.metadata import PackageNotFoundError, packages_distributions, version

from pyteleport_jupyter.errors import InstallFailed, clean
from pyteleport_jupyter.progress import Progress
from pyteleport_jupyter.wire import Conversation

SILENT_SECONDS = 1860.0
"""So long an installer may say nothing; it is ended there a little earlier."""

ALWAYS = ("ipykernel",)
"""The kernel itself is needed as well."""


def install_missing(
    conversation: Conversation,
    modules: Collection[str],
    paths: Collection[str],
    fresh: bool,
    progress: Progress,
) -> str:
    """Let the target install, at the versions of this session, those of ``modules`` that it lacks.

    Returns the interpreter there that has them, empty if nothing was lacking. Raises InstallFailed, and as
    :meth:`Conversation.wait_for`.
    """
    progress.stage("install")
    conversation.command(
        "install", requirements=requirements_for([*modules, *ALWAYS]), paths=list(paths), fresh=fresh
    )
    while True:
        answer = conversation.wait_for("installing", time.monotonic() + SILENT_SECONDS, "its installer")
        if answer.get("done"):
            break
        progress.doing(clean(answer.get("line", ""))[:100])
    installed = ", ".join(map(str, answer.get("installed") or ()))
    if answer.get("error"):
        raise InstallFailed(host=conversation.host, reason=answer["error"])
    progress.doing(clean(installed)[:200] or "nothing was missing")
    return str(answer.get("python") or "")


def requirements_for(modules: Iterable[str]) -> dict[str, str]:
    """``{"yaml": "PyYAML==6.0.1"}`` for those modules that an installed distribution here has."""
    found: dict[str, str] = {}
    unnamed = []
    for module in modules:
        try:
            found[module] = f"{module}=={version(module)}"
        except PackageNotFoundError:
            unnamed.append(module)
    owners = packages_distributions() if unnamed else {}
    for module in unnamed:
        for distribution in owners.get(module, ())[:1]:
            found[module] = f"{distribution}=={version(distribution)}"
    return found
