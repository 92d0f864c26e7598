"""Iterators of ``itertools`` go on over there where they were, on every minor version."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from objects_travel import Far

from pyteleport_jupyter.errors import ObjectsRefused
from pyteleport_jupyter.objects.reducers import itertools_inside

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]

ITERATORS = {
    "count": "it.count(3, 2)",
    "count of fractions": "it.count(__import__('fractions').Fraction(1, 2))",
    "count of big numbers": "it.count(2**70)",
    "cycle": "it.cycle(iter('abc'))",
    "empty cycle": "it.cycle('')",
    "repeat": "it.repeat('x')",
    "repeat so often": "it.repeat('x', 3)",
    "chain": "it.chain([1, 2], (3,), {4: 5})",
    "chain of an iterable": "it.chain.from_iterable(iter(['ab', 'cd', 'ef']))",
    "islice": "it.islice(iter(range(20)), 2, 11, 3)",
    "islice without an end": "it.islice(it.count(), 2, None, 2)",
    "compress": "it.compress('abcdef', [1, 0, 1, 0, 1, 1])",
    "dropwhile": "it.dropwhile(lambda x: x < 3, iter([1, 2, 3, 1, 4, 2]))",
    "takewhile": "it.takewhile(lambda x: x < 3, iter([1, 2, 1, 3, 1, 2]))",
    "filterfalse": "it.filterfalse(lambda x: x % 2, iter(range(9)))",
    "starmap": "it.starmap(pow, iter([(2, 3), (3, 2), (4, 2)]))",
    "pairwise": "it.pairwise(iter('abcd'))",
    "accumulate": "it.accumulate(iter([1, 2, 3, 4]))",
    "accumulate with a function": "it.accumulate([3, 1, 2], max)",
    "accumulate from": "it.accumulate([1, 2], initial=10)",
    "zip_longest": "it.zip_longest('ab', iter(range(4)), '', fillvalue='-')",
    "product": "it.product('ab', range(3))",
    "product of one": "it.product('ab', repeat=1)",
    "empty product": "it.product('ab', '')",
    "permutations": "it.permutations('abc')",
    "permutations of two": "it.permutations('abcd', 2)",
    "combinations": "it.combinations('abcd', 2)",
    "combinations with replacement": "it.combinations_with_replacement('abc', 2)",
    "groupby": "((k, ''.join(g)) for k, g in it.groupby('aabbbc'))",
    "nested": "it.islice(it.chain(it.cycle('ab')), 7)",
}
if sys.version_info >= (3, 12):
    ITERATORS["batched"] = "it.batched(iter('abcdefg'), 3)"
if sys.version_info >= (3, 13):
    ITERATORS["batched strictly"] = "it.batched('abcdef', 2, strict=True)"
STEPS = (0, 1, 2, 3, 5, 40)
REST = "list(it.islice({}, 12))"


@pytest.mark.parametrize("source", ITERATORS.values(), ids=ITERATORS)
def test_goes_on_where_it_was(move: Move, source: str) -> None:
    there = ", ".join(REST.format(f"iterators[{index}]") for index in range(len(STEPS)))
    setting = f"import itertools as it\niterators = [{', '.join([source] * len(STEPS))}]\n"
    taken = "\n".join(f"list(it.islice(iterators[{index}], {steps}))" for index, steps in enumerate(STEPS))
    names: dict[str, object] = {}
    exec(setting + taken, names)
    assert move(setting + taken)(f"({there})") == repr(eval(f"({there})", names))


def test_a_set_of_groups_and_its_current_group_stay_together(move: Move) -> None:
    far = move(
        """
        import itertools as it
        asked = []
        def key(x):
            asked.append(x)
            return x // 10
        groups = it.groupby(iter([1, 2, 11, 12, 13, 21]), key)
        next(groups)
        k, group = next(groups); first = next(group)
        """
    )
    assert (
        far("(first, k, list(group), [(k, list(g)) for k, g in groups])") == "(11, 1, [12, 13], [(2, [21])])"
    )
    assert far("asked") == "[1, 2, 11, 12, 13, 21]"


def test_groups_that_are_over(move: Move) -> None:
    far = move(
        """
        import itertools as it
        groups = it.groupby('aabc'); _, a = next(groups); list(a)
        skipped = it.groupby('aabc'); _, before = next(skipped); _, now = next(skipped)
        """
    )
    assert far("(list(a), [k for k, g in groups])") == "([], ['b', 'c'])"
    assert far("(list(before), list(now), next(skipped)[0])") == "([], ['b'], 'c')"


def test_branches_share_what_they_branch_from(move: Move) -> None:
    far = move(
        """
        import itertools as it
        source = iter(range(200))
        a, b, c = it.tee(source, 3)
        list(it.islice(a, 150)); next(b)
        """
    )
    assert far("(next(a), next(b), next(c))") == "(150, 1, 0)"
    assert far("(sum(a), sum(b), sum(c), list(source))") == str(
        (sum(range(151, 200)), sum(range(2, 200)), sum(range(1, 200)), [])
    )


@pytest.mark.skipif(sys.version_info < (3, 14), reason="they pickle by themselves")
def test_what_would_have_to_walk_too_far_is_refused(own_main: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from objects_travel import pickled_of

    monkeypatch.setattr(itertools_inside, "MOST_STEPS", 100)
    with pytest.raises(ObjectsRefused, match="walk: itertools.product, it has come further than 100 steps"):
        pickled_of(
            "import itertools\nwalk = itertools.product('ab', repeat=9)\nfor _ in range(101): next(walk)"
        )


@pytest.mark.skipif(sys.version_info < (3, 14), reason="they pickle by themselves")
def test_another_layout_is_refused(own_main: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from objects_travel import pickled_of

    structures = {**itertools_inside.STRUCTURES, "count": itertools_inside.STRUCTURES["product"]}
    monkeypatch.setattr(itertools_inside, "STRUCTURES", structures)
    with pytest.raises(ObjectsRefused, match="another layout"):
        pickled_of("import itertools\nwalk = itertools.count()")
