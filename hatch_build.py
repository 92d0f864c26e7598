"""Puts the JupyterLab extension (``js/``) into the wheel; it is built if it is not there yet and node is.

Without node the Python part is installed alone, and says so. Editable installs leave it to ``make js``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TARGET = "share/jupyter/labextensions/pyteleport-jupyter"
MISSING = (
    "The JupyterLab extension (status bar, host picker) is left out: {reason}. Everything else is there; to "
    "have it, install node 20 or later and install again, or take the wheel."
)


class LabExtensionHook(BuildHookInterface):  # type: ignore[type-arg]
    """See hatchling's documentation, ``plugins/build-hook/custom``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the built extension to what the wheel installs."""
        sources = Path(self.root, "js")
        bundle = sources / "labextension"
        if version == "editable" or self.target_name != "wheel":
            return
        if not (bundle / "package.json").exists() and (reason := _build(sources)):
            self.app.display_warning(MISSING.format(reason=reason))
            return
        build_data["shared_data"] |= {
            str(bundle): TARGET,
            str(sources / "install.json"): f"{TARGET}/install.json",
        }


def _build(sources: Path) -> str:
    """Why it could not be built, empty if it was."""
    if not (sources / "package.json").exists():
        return "its sources are not there"
    if shutil.which("node") is None:
        return "node is not installed"
    # A build requirement brings it, beside the interpreter that builds.
    jlpm = shutil.which("jlpm") or str(Path(sys.executable).with_name("jlpm"))
    for arguments in (["install", "--immutable"], ["build:prod"]):
        try:
            subprocess.run([jlpm, *arguments], cwd=sources, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            return f"building it failed ({error})"
    return ""
