"""Whether a program leaves with leave to come home, where it will be unpickled: running what the far side
sends is only for those who asked for it.

Who leaves says so with the option ``home``. Where nothing is said, the program's own code does: somewhere it
names ``"home"``, as it must to come home. What is typed at a prompt later cannot be known, but there the user
sits.
"""

from __future__ import annotations

from types import CodeType

from pyteleport_jupyter.companions import Companions
from pyteleport_jupyter.frames import original_code
from pyteleport_jupyter.scripts.program import RunningProgram
from pyteleport_jupyter.session.place import HOME


def means_to_come_home(program: RunningProgram, companions: Companions) -> bool:
    """Whether the user's own code, that of modules beside the script included, says ``"home"``."""
    sources = (source.content for source in companions.sources.values())
    return (
        program.prompts or _says_home(original_code(program.root.f_code)) or any(map(_writes_home, sources))
    )


def _says_home(code: CodeType) -> bool:
    nested = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return HOME in code.co_consts or any(map(_says_home, nested))


def _writes_home(source: bytes) -> bool:
    return any(quote + HOME.encode() + quote in source for quote in (b"'", b'"'))
