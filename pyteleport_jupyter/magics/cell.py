"""``%%teleport HOST``: run only this cell there."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError

from pyteleport_jupyter import errands, errors
from pyteleport_jupyter.magics.cell_arguments import described
from pyteleport_jupyter.magics.words import given, parse, split


def run(shell: Any, line: str, cell: str) -> Any:
    """Do what ``%%teleport`` was asked for; the value of the cell, where it is not shown already."""
    arguments = parse(described, split(line))
    if arguments is None:
        return None
    errors.show_tracebacks = arguments["debug"]
    said = given({name: arguments[name] for name in ("python", "setup", "via", "lease", "quiet")})
    wish = errands.Wish(
        cell=cell,
        included=_names(arguments["included"]),
        excluded=_names(arguments["exclude"]),
        outputs=None if arguments["outputs"] is None else _names(arguments["outputs"]),
        keep_on_error=arguments["on_error"] == "keep",
        keep_kernel=arguments["keep"],
        said=said,
    )
    return _run(shell, arguments["targets"], wish, arguments["bg"], arguments["name"])


def _run(shell: Any, targets: list[str], wish: errands.Wish, background: bool, name: str | None) -> Any:
    if name is not None and not name.isidentifier():
        raise UsageError(f"%%teleport: {name!r} is no name for a variable")
    if background:
        value: Any = errands.run_in_background(shell, targets, wish)
    elif len(set(targets)) > 1:
        value = errands.run_on_several(shell, targets, wish)
    else:
        errands.run_cell(shell, targets, wish)
        return None
    if name is None:
        return value
    shell.user_ns[name] = value
    return None


def _names(text: str | None) -> list[str]:
    """The names in ``a,module.b``. Raises UsageError."""
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise UsageError(f"%%teleport: {name!r} is no name of a variable")
    return names
