"""The reducers that the product itself enters in the table, split by subject."""

from __future__ import annotations

import importlib

SUBJECTS = (
    "functions",
    "caches",
    "classes",
    "modules",
    "frames",
    "raised",
    "references",
    "synchronisation",
    "context",
    "decimals",
    "tokens",
    "files",
    "streams",
    "logs",
    "temporary",
    "databases",
    "arrays",
    "torch_tensors",
    "iterators",
    "itertools_inside",
    "itertools_shared",
    "library",
    "memory_views",
    "structures",
    "searches",
    "libraries",
    "figures",
    "numeric_libraries",
    "trees",
    "compressed_files",
    "network_clients",
    "event_loops",
    "widgets",
    "refused",
)


def fill_table() -> None:
    """Import all subjects; what they decorate is in the table then."""
    for subject in SUBJECTS:
        importlib.import_module(f"{__name__}.{subject}")
