"""The versions of the session's packages here and there, compared before anything is shipped."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.errors import VersionsDiffer
from pyteleport_jupyter.remote.survey import package_versions

NAMED = 5
"""Most packages named in one line."""


@dataclass(frozen=True)
class Difference:
    """A package that is another version there. ``used``: objects of it travel, not only its name."""

    module: str
    here: str
    there: str
    used: bool

    @property
    def is_major(self) -> bool:
        """Whether the first number differs."""
        return _major(self.here) != _major(self.there)

    def __str__(self) -> str:
        return f"{self.module} {self.there} (here {self.here})"


def differences(there: Mapping[str, Any], used: Collection[str]) -> list[Difference]:
    """Packages with another version there; ``there`` is version by module, None or empty if not known."""
    here = package_versions(list(there))
    tops = {name.partition(".")[0] for name in used}
    return [
        Difference(module, str(here[module]), str(version), module in tops)
        for module, version in sorted(there.items())
        if version and here.get(module) and str(version) != here[module]
    ]


def compare(survey: Mapping[str, Any], used: Collection[str], host: str, *, anyway: bool) -> list[str]:
    """Sentences about other versions there. Raises VersionsDiffer where a package whose objects travel has
    another major version, unless the user goes ``anyway``.
    """
    found = differences(survey.get("packages") or {}, used)
    serious = [difference for difference in found if difference.is_major and difference.used]
    if serious and not anyway:
        raise VersionsDiffer(host=host, packages=_in_words(serious))
    return [f"other versions on {host}: {_in_words(found)}"] if found else []


def _in_words(found: list[Difference]) -> str:
    shown = ", ".join(map(str, found[:NAMED]))
    return shown if len(found) <= NAMED else f"{shown} and {len(found) - NAMED} more"


def _major(version: str) -> str:
    numbers = re.match(r"(?:\d+!)?(\d+)", version)
    return numbers[1] if numbers else version
