"""The ``pyteleport`` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pyteleport_jupyter import __version__
from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.session_commands import add_session_commands

NEEDS_EXTRA = "The demo needs {missing}. Install it with: pip install 'pyteleport-jupyter[demo]'"


def parser() -> argparse.ArgumentParser:
    """All of the command line."""
    described = argparse.ArgumentParser(
        prog="pyteleport",
        description="Move a live Jupyter session to another machine, in the middle of a cell.",
    )
    described.add_argument("--version", action="version", version=f"pyteleport-jupyter {__version__}")
    commands = described.add_subparsers(dest="command", required=True)
    demo = commands.add_parser(
        "demo", help="run a notebook that moves to an ssh host made up for the occasion, on this machine"
    )
    demo.set_defaults(run=run_demo)
    add_session_commands(commands)
    return described


def run_demo(chosen: argparse.Namespace) -> int:
    """The demo; its requirements are an extra."""
    try:
        from pyteleport_jupyter.demo.run import main as run
    except ModuleNotFoundError as error:
        print(NEEDS_EXTRA.format(missing=error.name), file=sys.stderr)
        return 2
    return run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``pyteleport``; returns the exit status."""
    chosen = parser().parse_args(arguments)
    try:
        status: int = chosen.run(chosen)
    except TeleportError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
