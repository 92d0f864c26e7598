"""What Tab offers behind the magics."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from pyteleport_jupyter.ledger.record import Entry, note
from pyteleport_jupyter.magics import register
from pyteleport_jupyter.magics.line import TeleportMagics


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_hosts_and_subcommands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / ".ssh" / "more").mkdir(parents=True)
    (tmp_path / ".ssh" / "config").write_text("Include more/*\nHost huygens *.example !x\n  User me\n")
    (tmp_path / ".ssh" / "more" / "a").write_text('Host=lisa\nInclude config\nhost "carte sius\n')
    note(Entry("1", "snellius", "p"))
    shell = InteractiveShell()
    register(shell)
    _, offered = shell.complete("", "%teleport ")
    assert {"attach", "list", "snellius", "huygens", "lisa", "local"} <= set(offered)
    assert not [name for name in offered if "*" in name or "!" in name]
    assert "snellius" in shell.complete("sn", "%%teleport sn")[1]
    assert shell.complete("1", "%teleport attach ")[1] == ["1"]
    assert {"--lease", "--fork"} <= set(shell.complete("--", "%teleport lisa --")[1])
    assert shell.complete("--py", "%teleport doctor --py")[1] == ["--python"]
    assert shell.complete("--b", "%%teleport lisa --b")[1] == ["--bg"]
    assert "attach" not in shell.complete("", "%teleport plan ")[1]


def test_usage_is_what_a_question_mark_shows() -> None:
    assert "--lease" in (TeleportMagics.teleport.__doc__ or "")
    assert "%teleport attach ID" in (TeleportMagics.teleport.__doc__ or "")
    assert "--bg" in (TeleportMagics.teleport_cell.__doc__ or "")
