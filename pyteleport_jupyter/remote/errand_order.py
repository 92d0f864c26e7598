"""What an errand is told to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAMES_LIMIT = 10_000
"""Most names in a list of an order."""


@dataclass(frozen=True)
class ErrandOrder:
    """What to run and what to bring back.

    ``outputs``: only these names go back, None for all that changed. ``count``: number of the prompt.
    ``keep``: whether what changed goes back when the cell failed.
    """

    code: str
    count: int
    cell_id: str | None
    outputs: tuple[str, ...] | None
    keep: bool
    allow_stdin: bool
    host: str

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> ErrandOrder:
        """The order in ``content``. Raises KeyError, TypeError, ValueError."""
        outputs = content["outputs"]
        return cls(
            code=str(content["code"]),
            count=int(content["count"]),
            cell_id=content.get("cell_id"),
            outputs=None if outputs is None else tuple(map(str, outputs[:NAMES_LIMIT])),
            keep=bool(content["keep"]),
            allow_stdin=bool(content["allow_stdin"]),
            host=str(content["host"]),
        )
