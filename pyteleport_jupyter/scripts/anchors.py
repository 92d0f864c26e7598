"""The live objects of a plain interpreter, which travel by name: what is called so there is meant there."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.scripts.program import main_namespace
from pyteleport_jupyter.session.process_streams import process_streams

SYSTEM_PARTS = (
    "__displayhook__", "__excepthook__", "__unraisablehook__", "__breakpointhook__",
    "meta_path", "path_hooks", "path_importer_cache",
)  # fmt: skip

_warning_functions = {
    f"warnings.{name}": vars(warnings)[name] for name in ("_showwarning_orig", "_showwarnmsg_impl")
}
"""As the module made them: ``catch_warnings`` swaps what the names stand for."""


@dataclass(frozen=True)
class ProgramAnchors:
    """Names of live objects, in both directions (implements ``objects.Anchors``)."""

    namespace: dict[str, Any]
    by_name: Mapping[str, object]

    def resolve(self, name: str) -> object:
        """The object called ``name`` here; KeyError if there is none."""
        return self.by_name[name]


def anchors() -> ProgramAnchors:
    """The anchors of this process and its program."""
    parts = {f"sys.{name}": getattr(sys, name) for name in SYSTEM_PARTS}
    named = {**process_streams(), **parts, **_warning_functions, "main module": sys.modules["__main__"]}
    return ProgramAnchors(main_namespace(), {name: part for name, part in named.items() if part is not None})
