"""How the far side is started, seen from here: the command line, the one line for its shell, and the first
Python code.

1. :data:`REMOTE_COMMAND` is all that a login shell of any make has to understand. It says
:data:`SHELL_MARKER` and then
   reads one line, byte by byte as POSIX wants it, so that not one byte of what follows is swallowed.
2. :func:`start_line` is that line. It looks for Python in the login environment and executes the first stage.
3. The first stage says :data:`PYTHON_MARKER` with what it is, takes a header, and hands over to
   :mod:`.landing`, whose code came in the header.

All of it is constant but for the user's ``--setup`` and ``--python``: argv is world readable. Markers are
written in two halves, so that a shell that echoes its commands does not match.
"""

from __future__ import annotations

import functools
import importlib.resources
import marshal
import shlex
from importlib.util import MAGIC_NUMBER
from types import CodeType

SHELL_MARKER = b"<pyteleport shell>"
PYTHON_MARKER = b"<pyteleport python>"
"""Followed by one line of JSON."""
SETUP_MARK = "<pyteleport setup>"
"""On stderr, in front of what the user's ``--setup`` says."""

REMOTE_COMMAND = (
    'exec /bin/sh -c \'printf "%s %s\\n" "<pyteleport" "shell>"; IFS= read -r line && eval "$line"\''
)
"""What the user's login shell is asked to run; quoted so that sh, bash, zsh, csh and fish read the same."""

FIRST_STAGE = r"""
import marshal, os, sys
import _frozen_importlib_external as importlib
version = "%d.%d" % sys.version_info[:2]
if version != sys.argv[1] and sys.argv[3:]:
    again = "import sys;exec(sys.argv[2].replace(chr(124),chr(10)))"
    os.execv(sys.argv[3], [sys.argv[3], "-I", "-S", "-c", again] + sys.argv[1:3])
os.set_blocking(0, True)
os.set_blocking(1, True)
def say(answer):
    os.write(1, ("<pyteleport" + " python>" + answer + chr(10)).encode())
def take(size):
    parts = []
    while size:
        parts.append(os.read(0, size))
        size -= len(parts[-1])
        if not parts[-1]:
            sys.exit(1)
    return b"".join(parts)
magic = importlib.MAGIC_NUMBER
facts = sys.version.split()[0], magic.hex(), os.fsencode(sys.executable).hex()
say("{\"python\": \"%s\", \"magic\": \"%s\", \"executable\": \"%s\"}" % facts)
if take(len(magic)) == magic:
    header = marshal.loads(take(int(take(8))))
    for name, code in header["modules"]:
        module = sys.modules[name] = type(sys)(name)
        module.__path__ = []
        exec(code, module.__dict__)
    module.main(header, take, say)
""".strip()
"""Runs with ``-I -S``: neither the user's site nor the current directory has a say. Arguments: wanted
version, this source, and the path of another interpreter to try if this one does not fit. It takes nothing
from us unless its byte code is ours, because what comes is byte code.
"""

_UNPACK = "import sys;exec(sys.argv[2].replace(chr(124),chr(10)))"
"""The first stage travels on one line, its lines separated by a character that it does not contain."""

LANDING_MODULES = ("remote.runtime_directory", "remote.leash", "remote.landing")
"""Modules of ours that run in the first stage, each after what it imports; C modules are all that they
import.
"""

_NO_PYTHON = 'printf "%s %s%s\\n" "<pyteleport" "python>" \'{"error":"NoPython","facts":{}}\''

_SETUP = (
    'trap \'printf "%s %s%s\\n" "<pyteleport" "python>" '
    '"{\\"error\\":\\"SetupFailed\\",\\"facts\\":{\\"status\\":\\"$?\\"}}" >&4\' EXIT; '
    '[ -z "$BASH_VERSION" ] || trap \'p=$?; [ "$BASH_SOURCE" ] || case $BASH_COMMAND in '
    '"source "*|". "*) eval "test -r ${BASH_COMMAND#* }" || exit $p;; *) exit $p; esac\' ERR; '
    'printf "%s %s\\n" "<pyteleport" "setup>" >&2; eval SETUP >/dev/null; p=$?; [ "$p" = 0 ] || exit "$p"; '
    '[ -z "$BASH_VERSION" ] || trap - ERR; trap - EXIT; set +eu; '
)
"""Runs the user's line. If it fails, all that is said is so; its own words are on stderr behind SETUP_MARK.

It fails with its own status, as a make recipe does, and in bash also if a command in its midst fails. Of a
file that is read in its midst (``source ~/.bashrc; conda activate x``) only its absence counts: hardly any
start-up file cares about its status.
"""


def start_line(version: str, python: str | None = None, setup: str = "", login: bool = True) -> bytes:
    """The line that finds Python ``version`` ("3.11") and executes the first stage.

    ``setup`` runs in a login shell (bash where there is one) with its input from nowhere and its output to
    stderr, so that it can neither eat what is meant for us nor add to it. An absolute ``python`` without
    ``setup`` needs no login shell; without ``login`` the environment counts in which the line is read.
    """
    absolute = _absolute(python)
    if not setup and (absolute or not login):
        # q is set in any case: it might be a variable of the user's.
        line = f"set --; {_search(version, python, absolute)}; {_launch(version, '')}"
    else:
        launch = _launch(version, "<&3 >&4 3<&- 4>&-")
        prepare = _SETUP.replace("SETUP", shlex.quote(setup)) if setup else ""
        script = shlex.quote(f"{prepare}{_search(version, python, absolute)}; {launch}")
        streams = "exec 3<&0 4>&1 </dev/null >&2"
        line = f's=$(command -v bash) || s=/bin/sh; {streams}; exec "$s" -l -c {script} pyteleport "$PATH"'
    return line.encode() + b"\n"


def _absolute(python: str | None) -> str:
    """``python`` as a word of the shell if it says where it is, else nothing; the home directory is the
    target's.
    """
    if python and python.startswith("~/"):
        return '"$HOME"/' + shlex.quote(python[2:])
    return shlex.quote(python) if python and python.startswith("/") else ""


def _search(version: str, python: str | None, absolute: str) -> str:
    """Sets ``p`` to an interpreter and ``q`` to one that fits by its name; ``$1`` is the PATH before the
    login shell.
    """
    if absolute:
        return f"p={absolute}; q="
    if python:
        return f"p=$({_which(shlex.quote(python))}); q="
    exact = f"python{version}"
    first = f"for n in python3 {exact} python; do p=$({_which('$n')}) && break; done"
    return f"{first}; q=$({_which(exact)})"


def _which(word: str) -> str:
    return f"command -v {word} || (PATH=$1; command -v {word})"


def _launch(version: str, redirections: str) -> str:
    """Execute the first stage by ``p``, or say that there is no Python; ``q`` is what it may try instead of
    itself.
    """
    complaint = f"{{ {_NO_PYTHON}{' >&4' if redirections else ''}; exit 1; }}"
    source = shlex.quote(FIRST_STAGE.replace("\n", "|"))
    other = '${q:+"$q"}'
    start = f'exec "$p" -I -S -c {shlex.quote(_UNPACK)} {version} {source} {other} {redirections}'
    return f'[ -x "$p" ] || {complaint}; {start}'


BOOTING_MODULES = ("remote.launch", "remote.booting")
"""Those that a boot needs besides."""

PROGRAM_MODULES = ("remote.held_signals", "remote.program_launch")
"""Those that launch the interpreter of a program besides."""

ANSWERING_MODULES = ("remote.sessions_there", "remote.condition")
"""Modules that run there in place of a boot, and have an ``answer(header, say)``."""


def header(kind: str, package: bytes = b"", **fields: object) -> bytes:
    """What follows the line: the magic number, the length of the header in eight digits, the header, the
    ``package``.

    The header is marshalled, because that is the one format that Python reads without importing anything; it
    goes from us to the target, never the other way.
    """
    *first, last = LANDING_MODULES
    answering = [name for name in ANSWERING_MODULES if name == fields.get("answers")]
    booting = BOOTING_MODULES if kind == "boot" else ()
    launching = PROGRAM_MODULES if "program" in fields else ()
    modules = _code((*first, *answering, *booting, *launching, last))
    encoded = marshal.dumps({"kind": kind, "modules": modules, "size": len(package), **fields})
    return MAGIC_NUMBER + b"%08d" % len(encoded) + encoded + package


@functools.cache
def _code(landing_modules: tuple[str, ...]) -> list[tuple[str, CodeType]]:
    """Names and code of the modules that the first stage makes, parents first and empty."""
    root = importlib.resources.files("pyteleport_jupyter")
    found = [
        (name, compile("", name, "exec")) for name in ("pyteleport_jupyter", "pyteleport_jupyter.remote")
    ]
    for name in landing_modules:
        source = root.joinpath(*name.split(".")[:-1], name.split(".")[-1] + ".py").read_bytes()
        code = compile(source, f"<teleported>/{name}", "exec", dont_inherit=True, optimize=2)
        found.append((f"pyteleport_jupyter.{name}", code))
    return found
