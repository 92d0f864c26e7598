"""Is the target fit for this session? Compared before anything is shipped."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from pyteleport_jupyter.errors import NoIpykernel, PackageMissing, WrongPython

OLDEST_IPYKERNEL = (6, 29)
"""The oldest that passes cell ids and metadata the way resuming needs; here we run on 7."""

_DISTRIBUTION_OF_KERNEL = "ipykernel"


def check_survey(survey: Mapping[str, Any], modules: Iterable[str], host: str) -> None:
    """Compare what the target has with what the session needs.

    Raises WrongPython, NoIpykernel or PackageMissing.
    """
    check_python(survey, host)
    _check_kernel(survey, host)
    check_packages(survey, modules, host)


def check_packages(survey: Mapping[str, Any], modules: Iterable[str], host: str) -> None:
    """Raises PackageMissing unless the target has all ``modules``."""
    versions = survey.get("packages") or {}
    missing = [name for name in modules if versions.get(name) is None]
    if missing:
        raise PackageMissing(host=host, packages=_in_words(missing))


def check_python(survey: Mapping[str, Any], host: str) -> None:
    """Raises WrongPython. The magic number counts too: op codes move even inside a minor series while it is
    not released.
    """
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    there = str(survey.get("python", "?"))
    if there.split(".")[:2] != here.split("."):
        raise WrongPython(host=host, there=there, here=here)
    if survey.get("magic") != importlib.util.MAGIC_NUMBER.hex():
        raise WrongPython(host=host, there=f"{there} with other byte code", here=sys.version.split()[0])


def _check_kernel(survey: Mapping[str, Any], host: str) -> None:
    python = str(survey.get("executable") or f"Python {survey.get('python', '?')}")
    version = survey.get(_DISTRIBUTION_OF_KERNEL)
    if not version:
        raise NoIpykernel(host=host, python=python, reason="")
    numbers = tuple(int(n) for n in re.findall(r"\d+", str(version))[:2])
    if numbers < OLDEST_IPYKERNEL:
        raise NoIpykernel(host=host, python=python, reason=f" that serves (it has {version}, 6.29 is needed)")


def _in_words(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
