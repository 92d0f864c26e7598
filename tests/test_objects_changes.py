"""What changed in objects that two sides have: there and back within one process."""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import itertools
import pathlib
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pyteleport_jupyter.objects import NamespaceAnchors, Numbering, changes, dump, load
from pyteleport_jupyter.objects.changes import Watch, put
from pyteleport_jupyter.shipping import Fingerprints


class Thing:
    """An object with attributes."""

    def __init__(self) -> None:
        self.inner: dict[str, Any] = {}


class Slotted:
    """An object without a dict."""

    __slots__ = ("here", "there")


class Label(str):
    """A text with attributes."""


class Sealed:
    """An object that can only be made anew."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __reduce__(self) -> Any:
        return Sealed, (self.value,)


def there_and_back(variables: dict[str, Any], work: Callable[[dict[str, Any]], None]) -> list[str]:
    """Let ``work`` change copies of ``variables`` and bring the changes back; the parts that had changed."""
    here, numbers = NamespaceAnchors({}), Numbering()
    going = dump({"namespace": variables}, here, {}, numbers)
    there, their_numbers = NamespaceAnchors({}), Numbering()
    copies = load(going.stream, [bytearray(b) for b in going.buffers], there, their_numbers).root["namespace"]
    watch = Watch(their_numbers, there)
    work(copies)
    found = watch.changes()
    their_numbers.forget(found.replaced)
    root = {"namespace": copies, "items": {"changed": found.changed}}
    coming = dump(root, there, {}, their_numbers)
    back = load(coming.stream, [bytearray(b) for b in coming.buffers], here, numbers).root
    for change in back["items"]["changed"]:
        put(change)
    for name in variables.keys() - back["namespace"].keys():
        del variables[name]
    variables.update(back["namespace"])
    return [part for _, part, _ in found.changed]


def test_what_nobody_touched_has_not_changed() -> None:
    variables = {
        "list": [1, [2]], "dict": {"a": {}}, "array": np.arange(4.0), "frame": pd.DataFrame({"x": [1]}),
        "thing": Thing(), "dice": random.Random(1), "set": {1, 2}, "order": collections.OrderedDict(a=1),
    }  # fmt: skip
    before = {name: id(value) for name, value in variables.items()}
    assert there_and_back(variables, lambda copies: None) == []
    assert {name: id(value) for name, value in variables.items()} == before


def test_containers_are_filled_in_place() -> None:
    inner: list[Any] = [1]
    variables: dict[str, Any] = {"outer": {"deep": inner}, "order": collections.OrderedDict(a=1, b=2)}
    order = variables["order"]

    def work(copies: dict[str, Any]) -> None:
        copies["outer"]["deep"].append(copies["outer"])
        copies["order"].move_to_end("a")

    assert there_and_back(variables, work) == ["list", "dict"]
    assert inner[1] is variables["outer"]
    assert (list(order), variables["order"] is order) == (["b", "a"], True)


def test_instances_keep_their_identity() -> None:
    thing, slotted = Thing(), Slotted()
    slotted.here = 1
    alias = thing.inner

    def work(copies: dict[str, Any]) -> None:
        copies["thing"].inner["new"] = copies["slotted"]
        copies["slotted"].there = 2
        del copies["slotted"].here

    there_and_back({"thing": thing, "slotted": slotted}, work)
    assert alias == {"new": slotted}
    assert (slotted.there, hasattr(slotted, "here")) == (2, False)


def test_texts_and_numbers_of_users_may_have_attributes() -> None:
    label = Label("text")
    label.seen = [1]  # type: ignore[attr-defined]

    def work(copies: dict[str, Any]) -> None:
        copies["label"].colour = "red"

    there_and_back({"label": label}, work)
    assert vars(label) == {"seen": [1], "colour": "red"}


def test_what_cannot_change_is_not_looked_at() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=1))
    unchanging = ("", 1, fractions.Fraction(1, 2), pathlib.PurePath("a"), zone, decimal.Decimal(1), pathlib)
    assert [each for each in unchanging if changes._parts_of(each)] == []


def test_arrays_are_written_into_and_what_cannot_be_is_replaced_everywhere() -> None:
    array, other = np.zeros((2, 2)), Sealed(1)
    view, holder = array[0], {"kept": (other, 1)}
    variables: dict[str, Any] = {"array": array, "other": other, "holder": holder}

    def work(copies: dict[str, Any]) -> None:
        copies["array"][0, 1] = 5
        copies["other"].value = 2

    there_and_back(variables, work)
    assert view.tolist() == [0, 5]
    assert variables["other"].value == 2
    assert variables["holder"] is holder
    assert holder["kept"][0] is variables["other"]


def test_arrays_of_every_kind_get_their_new_contents() -> None:
    objects = np.array([[1], "text", None], dtype=object)
    dates = np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]")
    frame = pd.DataFrame({"text": np.array(["a", "b"], dtype=object), "day": pd.to_datetime(dates)})
    strided, first = np.arange(10)[::2], objects[0]
    variables = {"objects": objects, "dates": dates, "strided": strided, "frame": frame}

    def work(copies: dict[str, Any]) -> None:
        copies["objects"][1] = copies["objects"][0]
        copies["objects"][0].append(2)
        copies["dates"][1] = "1999-12-31"
        copies["strided"][:] += 1
        copies["frame"].loc[0, "text"] = "changed"
        copies["frame"].loc[1, "day"] = pd.Timestamp("1999-12-31")

    there_and_back(variables, work)
    assert objects[1] is objects[0] is first == [1, 2]
    assert dates.astype(str).tolist() == ["2020-01-01", "1999-12-31"]
    assert strided.tolist() == [1, 3, 5, 7, 9]
    assert variables["frame"] is frame
    assert (frame.text[0], str(frame.day[1])[:10]) == ("changed", "1999-12-31")


def test_an_array_that_holds_what_is_replaced_keeps_its_other_elements() -> None:
    array = np.array([itertools.count(3), "text"], dtype=object)
    there_and_back({"array": array}, lambda copies: next(copies["array"][0]))
    assert (next(array[0]), array[1]) == (4, "text")


def test_frames_of_pandas_are_the_same_frames() -> None:
    frame = pd.DataFrame({"x": [1, 2]})
    frame["x"]  # which pandas before 3 keeps
    variables = {"frame": frame}

    def work(copies: dict[str, Any]) -> None:
        copies["frame"]["y"] = copies["frame"].x * 2
        copies["frame"].loc[0, "x"] = 9

    there_and_back(variables, work)
    assert variables["frame"] is frame
    assert (frame["x"].tolist(), frame["y"].tolist()) == ([9, 2], [2, 4])


def test_what_keeps_its_state_in_c() -> None:
    dice, iterator = random.Random(1), iter([1, 2, 3])
    expected = random.Random(1)
    expected.random()

    def work(copies: dict[str, Any]) -> None:
        copies["dice"].random()
        next(copies["iterator"])

    variables = {"dice": dice, "iterator": iterator}
    there_and_back(variables, work)
    assert dice.random() == expected.random()
    assert list(variables["iterator"]) == [2, 3]


def test_an_object_with_two_numbers_is_written_under_the_first() -> None:
    shared: list[int] = []
    numbers = Numbering([shared, shared, "x"])
    assert len(numbers.pickler_memo()) == 3
    assert numbers.pickler_memo()[id(shared)][0] == 0


class Restless:
    """An object that does something when it arrives."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.array[0] += 1


def looked_at(arrays: list[Any], *others: Any) -> Watch:
    """A watch over these objects, with digests of the arrays' memory that are wrong."""
    known = {(array.ctypes.data, array.nbytes): (b"as it was",) for array in arrays}
    numbering = Numbering([*arrays, *others])
    return Watch(numbering, NamespaceAnchors({}), Fingerprints(None, known))


def test_memory_whose_digest_is_known_is_digested_only_afterwards() -> None:
    watch = looked_at([np.zeros(1 << 16)])
    assert [part for _, part, _ in watch.changes().changed] == ["array"], "it was digested twice"
    # What has become known afterwards is not believed a second time.
    assert [part for _, part, _ in watch.changes().changed] == ["array"]


def test_what_is_known_of_memory_is_not_believed_if_code_may_have_run_since() -> None:
    array = np.zeros(1 << 16)
    watch = looked_at([array], Restless(array))
    assert watch.changes().changed == []
    array[5] = 1
    assert [part for _, part, _ in watch.changes().changed] == ["array"]
