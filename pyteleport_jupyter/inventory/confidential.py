"""Variables that look like secrets. They are pointed out by name; nothing of a value is ever shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

LOOKED_AT = 4096
"""So many characters of a text are looked at."""

_NAME = re.compile(
    r"(^|_)(password|passwd|passphrase|pwd|secret|credentials?|api_?key|access_?key|private_?key|auth_?key|"
    r"aws_\w+)(_|\d*$)|(^|_)(pass|token|bearer)\d*$|[a-z](Password|Secret|Token|ApiKey)$",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,}|\bgithub_pat_\w{30,}|"
    r"\bxox[abprs]-[\w-]{10,}|\bsk-[\w-]{20,}|\bhf_[A-Za-z]{30,}|\bglpat-[\w-]{20}|"
    r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"
)


def look_secret(namespace: Mapping[str, Any]) -> list[str]:
    """Names of those variables that hold a text which is called like a secret, or looks like one."""
    return [name for name, value in namespace.items() if _looks_secret(str(name), value)]


def _looks_secret(name: str, value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        inside = ((str(key), part) for key, part in list(islice(value.items(), 100)) if type(key) is str)
        return any(type(part) in (str, bytes) and _looks_secret(key, part) for key, part in inside)
    if kind not in (str, bytes, bytearray) or not value:
        return False
    text = value[:LOOKED_AT] if kind is str else bytes(value[:LOOKED_AT]).decode("latin-1")
    # The text of a secret is short; a chapter about passwords is none.
    named = _NAME.search(name) is not None and len(value) <= LOOKED_AT
    return named or _VALUE.search(text) is not None


def in_words(names: list[str]) -> str:
    """The sentence for the user; empty if there are none."""
    if not names:
        return ""
    shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    verb = "looks like a secret" if len(names) == 1 else "look like secrets"
    return f"{shown} {verb} and would travel; --exclude keeps it here".replace(
        "keeps it", "keeps it" if len(names) == 1 else "keeps them"
    )
