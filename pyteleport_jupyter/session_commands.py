"""``pyteleport list``, ``attach``, ``detach``, ``kill`` and ``doctor``: sessions seen from a shell."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Any

from pyteleport_jupyter.transports.link import Question


def add_session_commands(commands: Any) -> None:
    """Add the subcommands to what ``ArgumentParser.add_subparsers`` returned."""
    listed = commands.add_parser("list", help="which sessions of mine are where")
    listed.add_argument(
        "hosts", nargs="*", metavar="HOST", help="where to look (default: wherever one was started from here)"
    )
    listed.set_defaults(run=list_sessions)
    attached = commands.add_parser("attach", help="take up a session in this terminal")
    attached.add_argument(
        "session",
        nargs="?",
        metavar="ID",
        help="as pyteleport list shows it, or HOST/ID (default: the only one)",
    )
    attached.set_defaults(run=attach)
    for name, run, help_text in (
        ("detach", detach, "let a session go on where it is, with nobody linked to it"),
        ("kill", kill, "end a session: its kernel, its memory, everything"),
    ):
        added = commands.add_parser(name, help=help_text)
        added.add_argument("session", metavar="ID", help="as pyteleport list shows it, or HOST/ID")
        added.set_defaults(run=run)
    doctor = commands.add_parser("doctor", help="can a session go to a host, and if not, why")
    _add_way(doctor)
    doctor.set_defaults(run=examine)
    installed = commands.add_parser("install-kernel", help="a kernelspec that starts notebooks on a host")
    _add_way(installed)
    installed.add_argument("--lease", help="how long it lives there without a link (default 15m)")
    installed.add_argument("--name", help="of the kernelspec (default: teleport-HOST)")
    installed.set_defaults(run=install_kernel)
    kernel = commands.add_parser("kernel", help="what such a kernelspec runs")
    _add_way(kernel)
    kernel.add_argument("--lease")
    kernel.add_argument("-f", dest="connection_file", required=True, metavar="FILE")
    kernel.set_defaults(run=start_kernel)


def _add_way(added: argparse.ArgumentParser) -> None:
    added.add_argument("target", metavar="HOST")
    added.add_argument("--python", metavar="PATH", help="interpreter to use there")
    added.add_argument("--setup", metavar="LINE", help="shell line run there first")
    added.add_argument("--via", choices=["paramiko", "ssh"], help="which ssh to use")


def _said(chosen: argparse.Namespace) -> dict[str, Any]:
    """The options of the way that were given."""
    names = ("python", "setup", "via", "lease")
    return {name: value for name in names if (value := getattr(chosen, name, None)) is not None}


def ask_at_terminal(question: Question) -> str | None:
    """Ask who sits at the terminal; nobody does where there is none."""
    if not sys.stdin.isatty():
        return None
    try:
        return getpass.getpass(f"{question.text} ") if question.secret else input(f"{question.text} ")
    except EOFError:
        return None


def list_sessions(chosen: argparse.Namespace) -> int:
    """Print the table."""
    from pyteleport_jupyter.ledger import ask_hosts, described

    print(described(ask_hosts(chosen.hosts, ask=ask_at_terminal)))
    return 0


def attach(chosen: argparse.Namespace) -> int:
    """Go on with a session here."""
    from pyteleport_jupyter.ledger import find_session, waiting_session
    from pyteleport_jupyter.terminals.taking_up import take_up

    name = chosen.session or waiting_session(ask_at_terminal)
    return take_up(find_session(name, "claim", ask_at_terminal), ask_at_terminal)


def detach(chosen: argparse.Namespace) -> int:
    """Let a session go."""
    from pyteleport_jupyter.ledger import find_session

    found = find_session(chosen.session, "detach", ask_at_terminal)
    print(f"session {found.id} on {found.place.target} goes on there without a link")
    return 0


def kill(chosen: argparse.Namespace) -> int:
    """End a session."""
    from pyteleport_jupyter.ledger import find_session

    ended = find_session(chosen.session, "kill", ask_at_terminal)
    print(f"session {ended.id} on {ended.place.target} is ended")
    return 0


def examine(chosen: argparse.Namespace) -> int:
    """Print the findings; the status says whether a session can go there."""
    from pyteleport_jupyter.doctor import examine_host, report
    from pyteleport_jupyter.settings import options_for

    options = options_for(chosen.target, **_said(chosen))
    findings = examine_host(chosen.target, options, (), ask_at_terminal)
    print(report(chosen.target, findings))
    return 1 if any(finding.holds is False for finding in findings) else 0


def install_kernel(chosen: argparse.Namespace) -> int:
    """Write the kernelspec."""
    import re

    from pyteleport_jupyter.cold_start import install_kernelspec
    from pyteleport_jupyter.settings import options_for

    name = chosen.name or "teleport-" + re.sub(r"[^a-z0-9._-]+", "-", chosen.target.lower()).strip("-.")
    options = options_for(chosen.target, **_said(chosen))
    print(f"kernel {name} is installed in {install_kernelspec(chosen.target, name, options)}")
    return 0


def start_kernel(chosen: argparse.Namespace) -> int:
    """Be a kernel on a host; does not return."""
    from pyteleport_jupyter.cold_start import start_there
    from pyteleport_jupyter.settings import options_for

    options = options_for(chosen.target, **_said(chosen))
    start_there(chosen.target, options, chosen.connection_file)
