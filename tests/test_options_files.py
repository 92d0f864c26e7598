"""What is said once and for all: hosts.toml, and ``c.Teleport``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from pyteleport_jupyter import settings
from pyteleport_jupyter.errors import OptionWrong, SettingsWrong
from pyteleport_jupyter.magics.configuration import register_configuration
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.settings import named_hosts, options_for

HOSTS = """
["*"]
lease = "1h"

[cartesius]
python = "~/venv/bin/python"
setup = "module load python"
fresh-env = true
env = { OMP_NUM_THREADS = "4", GREETING = "good day" }

["bob@cartesius:2222"]
via = "ssh"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "pyteleport").mkdir()
    settings.configured.clear()
    settings.brought.clear()
    yield tmp_path / "pyteleport" / "hosts.toml"
    settings.configured.clear()
    settings.brought.clear()


def test_a_table_for_each_host_and_one_for_all(file: Path) -> None:
    assert options_for("cartesius") == Options()
    file.write_text(HOSTS)
    found = options_for("cartesius")
    assert (found.python, found.lease, found.fresh_env, found.via) == (
        "~/venv/bin/python",
        3600.0,
        True,
        None,
    )
    assert found.setup == "export OMP_NUM_THREADS=4; export GREETING='good day'; module load python"
    assert options_for("elsewhere") == Options(lease=3600.0)
    assert options_for("bob@cartesius:2222").via == "ssh"
    assert options_for("bob@cartesius:2222").python == "~/venv/bin/python"
    assert named_hosts() == ["*", "cartesius", "bob@cartesius:2222"]


def test_what_is_said_with_the_move_counts_first_and_the_configuration_last(file: Path) -> None:
    file.write_text(HOSTS)
    settings.configured.update(lease="2h", quiet=True)
    found = options_for("cartesius", python="other", setup="")
    assert (found.python, found.lease, found.quiet) == ("other", 3600.0, True)
    assert found.setup == "export OMP_NUM_THREADS=4; export GREETING='good day'"
    assert options_for("cartesius", lease="3m").lease == 180.0


def test_a_sentence_for_each_line_that_is_wrong(file: Path) -> None:
    file.write_text(
        '[a]\nlease = "never"\ncolour = 1\nquiet = "yes"\npython = 3\nlimit = "lots"\n'
        '[a.env]\nA-B = "x"\nC = 3\n[b]\nvia = "ssh"\n'
    )
    with pytest.raises(SettingsWrong) as caught:
        options_for("a")
    said = str(caught.value)
    assert str(file) in said
    for part in (
        "line 2: [a] lease cannot be 'never'",
        "line 3: [a] says colour",
        "line 4: [a] quiet must be",
    ):
        assert part in said
    for part in ("line 5: [a] python", "line 6: [a] limit", "'A-B' is no name", "C must be a text"):
        assert part in said
    assert options_for("b").via == "ssh"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a\n", "at line 1"),
        ("a = 3\n", "line 1: a is no table"),
        ('[a]\nenv = "x"\n', "env: write"),
        ("\xff", "Invalid statement"),
        ("x" * (2 << 20), "larger"),
    ],
)
def test_a_file_that_is_none(text: str, said: str, file: Path) -> None:
    file.write_text(text)
    with pytest.raises(SettingsWrong, match=said):
        options_for("a")


def test_a_file_that_others_may_write_to_is_not_believed(file: Path) -> None:
    file.write_text(HOSTS)
    file.chmod(0o666)
    with pytest.raises(SettingsWrong, match="others may write"):
        options_for("cartesius")
    assert named_hosts() == []


def test_what_is_said_at_home_counts_for_the_moves_from_elsewhere(file: Path) -> None:
    file.write_text(
        '["*"]\nlease = "1h"\n[huygens]\nlimit = "1GB"\nenv = { A = "b" }\nsetup = "x"\n[b]\ncolour = 1'
    )
    settings.configured.update(quiet=True, python="other")
    said = settings.said_at_home()
    assert said["configured"] == {"quiet": True}
    file.unlink()
    settings.configured.clear()
    settings.brought["tables"] = said["tables"]
    assert options_for("huygens") == Options(lease=3600.0, limit=10**9)
    assert settings.said_at_home()["tables"] == said["tables"]
    assert options_for("elsewhere") == options_for("b") == Options(lease=3600.0)


def test_a_session_that_goes_on_keeps_its_lease(file: Path) -> None:
    settings.keep_lease(7200.0)
    assert options_for("huygens").lease == 7200.0
    file.write_text('["*"]\nlease = "1h"\n[huygens]\nlease = "3h"')
    assert options_for("elsewhere").lease == 7200.0
    assert options_for("huygens").lease == 10800.0
    assert options_for("huygens", lease="3m").lease == 180.0


def test_what_is_said_there_counts_where_nothing_was_said_with_the_move(file: Path) -> None:
    settings.brought["tables"] = {"*": {"lease": "1h"}}
    settings.keep_lease(3600.0)
    file.write_text('["*"]\nlease = "2h"')
    assert options_for("huygens").lease == 7200.0


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_the_configuration_of_ipython(file: Path) -> None:
    shell = InteractiveShell(config=Config({"Teleport": {"lease": "2h", "env": {"A": "b"}}}))
    register_configuration(shell)
    register_configuration(shell)
    assert options_for("cartesius") == Options(lease=7200.0, setup="export A=b")
    shell.run_line_magic("config", "Teleport.via = 'ssh'")
    assert options_for("cartesius").via == "ssh"


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_configuration_that_makes_no_sense(file: Path) -> None:
    shell = InteractiveShell(config=Config({"Teleport": {"lease": "never"}}))
    with pytest.raises(UsageError, match="lease cannot be 'never': say seconds"):
        register_configuration(shell)
    with pytest.raises(OptionWrong):
        options_for("cartesius", lease="never")
