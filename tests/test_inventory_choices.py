"""What the user may say about a move, and what is known of a link."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pyteleport_jupyter.errors import OptionWrong, TooLarge, VersionsDiffer
from pyteleport_jupyter.inventory import rates
from pyteleport_jupyter.inventory.packing import Meter, check_size
from pyteleport_jupyter.inventory.selection import Selection, chooser
from pyteleport_jupyter.inventory.versions import compare
from pyteleport_jupyter.objects.tombstone import Tombstone
from pyteleport_jupyter.options import Options, make_options


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_names_and_sizes_as_people_write_them() -> None:
    made = make_options(exclude="df_*, tmp", only=["a,b", "c"], limit="1.5 GB", fresh_env=True)
    assert (made.exclude, made.only, made.limit) == (("df_*", "tmp"), ("a", "b", "c"), 1_500_000_000)
    assert made.install
    assert make_options(limit=None).limit is make_options(limit="none").limit is None


@pytest.mark.parametrize("wrong", [{"limit": "much"}, {"limit": -1}, {"only": [3]}, {"exclude": 5}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionWrong):
        make_options(**wrong)


def chosen(namespace: dict[str, Any], **said: tuple[str, ...]) -> dict[str, Any]:
    root = {"namespace": dict(namespace), "items": {}, "stack": None}
    chooser(Selection(**said), namespace, {"In", "_5"}, "here")(root)
    found: dict[str, Any] = root["namespace"]
    return found


def test_selection() -> None:
    big = [1]
    namespace = {"In": [], "_5": big, "df_a": big, "df_b": 2, "len": 3, "os": pytest, "f": chosen}
    kept = chosen(namespace, exclude=("df_*",))
    assert {name for name, value in kept.items() if type(value) is Tombstone} == {"df_a", "df_b"}
    assert "_5" not in kept
    assert chosen(namespace, only=("len",)).keys() == {"In", "len", "os", "f"}
    assert chosen(namespace) == namespace
    for wrong in ({"exclude": ("dg",)}, {"only": ("dg",)}):
        with pytest.raises(OptionWrong):
            chosen(namespace, **wrong)


def test_a_limit_counts_on_slow_links_only() -> None:
    small, options = Options(limit=None), Options(limit=10)
    check_size(100, "x", "x", options, lambda _: None)
    rates.remember("x", 10**9, 1.0)
    check_size(100, "x", "x", options, lambda _: None)
    rates.remember("x", 10**7, 1.0)
    check_size(100, "x", "x", small, lambda _: None)
    check_size(100, "x", "x", options, lambda _: "y")
    for answer in (None, "", "n"):
        with pytest.raises(TooLarge, match="--limit none"):
            check_size(100, "x", "x", options, lambda _, said=answer: said)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def shipping(megabytes_per_second: float, total: int, seconds: int, options: Options) -> None:
    clock = Clock()
    meter = Meter("host", "host", options, clock)
    for _ in range(seconds * 10):
        clock.now += 0.1
        meter.sent(int(clock.now * megabytes_per_second * 1e6), total)
    meter.done(int(clock.now * megabytes_per_second * 1e6))


def test_the_link_is_measured_and_a_slow_one_called_off_at_first() -> None:
    shipping(10, 10**8, 2, Options())
    assert rates.remembered("host") is None
    with pytest.raises(TooLarge, match=r"at 10\.0 MB/s"):
        shipping(10, 3 * 10**9, 60, Options())
    assert rates.remembered("host") == pytest.approx(10e6, rel=0.01)
    shipping(20, 3 * 10**9, 60, Options())
    assert rates.remembered("host") == pytest.approx(20e6, rel=0.01)


def test_a_fast_link_is_known_at_once() -> None:
    shipping(400, 10**9, 2, Options())
    assert rates.remembered("host") == pytest.approx(400e6, rel=0.01)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": "fast"}', '{"host": -1}', '{"host": NaN}'])
def test_a_spoilt_file_of_rates_says_nothing(tmp_path: Path, content: str) -> None:
    rates.cache_folder().mkdir()
    (rates.cache_folder() / "rates.json").write_text(content)
    assert rates.remembered("host") is None


def survey(**packages: str | None) -> dict[str, object]:
    return {"packages": packages}


def test_versions() -> None:
    import numpy

    same, older = numpy.__version__, "0.1"
    assert compare(survey(numpy=same, pytest=None, nothing="3"), {"numpy.core"}, "h", anyway=False) == []
    (note,) = compare(survey(numpy=older), set(), "h", anyway=False)
    assert note == f"other versions on h: numpy 0.1 (here {same})"
    with pytest.raises(VersionsDiffer, match=r"numpy 0\.1"):
        compare(survey(numpy=older), {"numpy.core"}, "h", anyway=False)
    assert compare(survey(numpy=older), {"numpy.core"}, "h", anyway=True) == [note]
    minor = f"{same.partition('.')[0]}.999"
    assert len(compare(survey(numpy=minor), {"numpy"}, "h", anyway=False)) == 1
