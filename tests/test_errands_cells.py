"""``%%teleport local``: what goes along, what comes back, what is seen of it."""

from __future__ import annotations

import re
import sys
import weakref
from collections.abc import Iterator
from mmap import mmap
from pathlib import Path

import psutil
import pytest
from errand_kernels import SECONDS, ErrandKernel, facts, reports
from frontends import eventually, plain

from pyteleport_jupyter.remote.errand_memory import KeptMemory


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ErrandKernel]:
    directory: Path = tmp_path_factory.mktemp("errands")
    kernel = ErrandKernel(directory)
    yield kernel
    kernel.end()


def test_a_cell_runs_there_and_what_it_changes_is_seen_by_every_alias_here(kernel: ErrandKernel) -> None:
    kernel.run(
        "import os\nitems = [1, 2]; alias = {'deep': items}; offset = 3\ndef shifted(n): return n + offset"
    )
    run = kernel.there("items.append(shifted(10)); again = items; pid = os.getpid()\nagain")
    assert run.result == "[1, 2, 13]"
    assert kernel.value("pid != os.getpid(), alias['deep'], again is items, _, Out[3]") == (
        True, [1, 2, 13], True, [1, 2, 13], [1, 2, 13],
    )  # fmt: skip


def test_only_what_is_needed_goes_along_and_the_report_says_what(kernel: ErrandKernel) -> None:
    kernel.run("need = [0]; not_needed = bytearray(1_000_000)")
    run = kernel.there("need.append(1)")
    assert re.fullmatch(
        r"sent 1 name, \S+ k?B, ran \d+\.\d s on .+, came back: 1 name, \d+ B", reports(run)[-1]
    )
    assert (facts(run)["sent"], facts(run)["returned"]) == (["need"], ["need"])
    assert kernel.value("need") == [0, 1]


def test_names_that_nobody_sends_are_a_name_error_there(kernel: ErrandKernel) -> None:
    run = kernel.there("print('so far')\nnowhere_to_be_found")
    assert run.error == "NameError: name 'nowhere_to_be_found' is not defined"
    assert run.text() == "so far\n"
    kernel.run("hidden = 5")
    assert kernel.there("globals()['hidden']").error == "KeyError: 'hidden'"
    assert kernel.there("globals()['hidden']", "-i hidden").result == "5"
    assert kernel.there("hidden", "--exclude hidden").error == "NameError: name 'hidden' is not defined"
    assert "no variable absent" in kernel.there("1", "-i absent").text("stderr")


def test_an_error_is_the_real_one_with_the_lines_of_the_cell_and_keeps_what_was_done(
    kernel: ErrandKernel,
) -> None:
    kernel.run("class Odd(Exception): pass\ncount = [0]; flag = 'old'")
    run = kernel.there("count.append(1)\nflag = 'new'\nraise Odd('so')")
    assert run.error == "Odd: so"
    traceback = plain("\n".join(run.of_type("error")[0]["traceback"]))
    assert "----> 4 raise Odd('so')" in traceback
    assert "pyteleport_jupyter" not in traceback
    assert kernel.value("count, flag") == ([0, 1], "new")
    assert kernel.there("count.clear(); flag = 1; 1 / 0", "--on-error discard").error is not None
    assert kernel.value("count, flag") == ([0, 1], "new")


def test_assigned_mutated_and_deleted_of_every_kind(kernel: ErrandKernel) -> None:
    kernel.run(
        """import collections, random, numpy as np, pandas as pd
class Thing:
    tally = 0
    def __init__(self): self.inner = {}
def counter():
    n = 0
    def step():
        nonlocal n
        n += 1
        return n
    return step
thing = Thing(); kept = thing.inner; step = counter(); step()
array = np.zeros((2, 3)); view = array[0]; frame = pd.DataFrame({'x': [1, 2]}); same = frame
raw = bytearray(b'abc'); group = {1}; queue = collections.deque([1]); dice = random.Random(1)
iterator = iter([1, 2, 3]); holder = (iterator,); gone = 1"""
    )
    kernel.there(
        """thing.inner['k'] = thing; Thing.tally = 7; step()
array[0, 1] = 5; frame['y'] = frame.x * 2; frame.loc[0, 'x'] = 9
raw += b'd'; group.add(2); queue.append(2); dice.random(); next(iterator)
del gone"""
    )
    assert kernel.value("kept['k'] is thing, Thing.tally, step(), 'gone' in globals()") == (True, 7, 3, False)
    assert kernel.value("view.tolist(), same is frame, same.y.tolist(), same.x.tolist()") == (
        [0.0, 5.0, 0.0], True, [2, 4], [9, 2],
    )  # fmt: skip
    expected = (b"abcd", {1, 2}, [1, 2], True, True, [2, 3])
    given = (
        "bytes(raw), group, list(queue), dice.random() == [(d := random.Random(1)).random(), d.random()][1]"
    )
    assert kernel.value(f"{given}, holder[0] is iterator, list(iterator)") == expected


GENERATORS = """fixed = 3
def count(n):
    for i in range(n): yield i
def tens(source):
    for x in source: yield x * 10
def reading(): yield fixed
async def later(n):
    for i in range(n): yield i
plain = count(5); next(plain); alias = plain; holders = [plain]; outer = tens(plain)
inside = (i * i for i in range(9)); next(inside); asleep = later(4); await anext(asleep)
fresh = count(4); looked_at = count(3); next(looked_at); original = looked_at; reads = reading()"""


def test_generators_go_on_there_and_here(kernel: ErrandKernel) -> None:
    kernel.run(GENERATORS)
    run = kernel.there(
        "next(plain), next(inside), next(fresh), await anext(asleep), next(reads), looked_at.gi_frame.f_lineno"
    )
    assert run.result == "(1, 1, 0, 1, 3, 3)"
    assert kernel.value("plain is alias is holders[0], next(outer), list(plain)") == (True, 20, [3, 4])
    assert kernel.value("next(inside), list(fresh), [i async for i in asleep]") == (4, [1, 2, 3], [2, 3])
    assert kernel.value("looked_at is original, list(original), list(reads)") == (True, [1, 2], [])
    kernel.run("again = count(5); next(again)")
    kernel.there("next(again); 1 / 0", "--on-error discard")
    assert [kernel.there("next(again)").result for _ in range(2)] == ["1", "2"]
    assert kernel.there("list(again)").result == "[3, 4]"
    assert kernel.value("list(again)") == []


CLOSING = """import gc, contextlib
ends = []
def ending():
    try:
        yield 1
        yield 2
    finally:
        ends.append(1); print('ends')
closing = ending(); next(closing)
async def five(): return 5
waiting = five()"""


def test_what_a_generator_does_at_its_end_is_done_once(kernel: ErrandKernel) -> None:
    kernel.run(CLOSING)
    assert kernel.there("made = ending(); next(made)\nnext(closing)").result == "2"
    awaited = kernel.there("import gc; gc.collect()\nawait waiting")
    assert (awaited.result, awaited.text(), awaited.text("stderr")) == ("5", "", "")
    assert kernel.value("gc.collect() * 0, ends") == (0, [])
    assert kernel.there("ends, next(closing, None)").result == "([1], None)"
    assert kernel.value("ends, list(closing), list(made), ends") == ([1, 1], [], [2], [1, 1])


def test_the_module_of_a_cell_is_the_notebooks(kernel: ErrandKernel) -> None:
    run = kernel.there(
        "import sys\nclass Made: pass\nmade = Made()\n"
        "Made.__module__, __name__, sys.modules['__main__'].__dict__ is globals(), type(__builtins__) is type(sys)"
    )
    assert run.result == "('__main__', '__main__', True, True)"
    kernel.run("import pickle")
    assert kernel.value("type(pickle.loads(pickle.dumps(made))) is Made, __name__") == (
        True, "__main__",
    )  # fmt: skip


def test_only_outputs_asked_for_come_back(kernel: ErrandKernel) -> None:
    kernel.run("first = [1]; second = [2]")
    kernel.there("first.append(1); second.append(2); third = 3; fourth = 4", "-o first,third")
    assert kernel.value("first, second, third, 'fourth' in globals()") == ([1, 1], [2], 3, False)
    assert kernel.there("fourth").result == "4"


def test_what_cannot_come_back_stays_for_the_next_cell(kernel: ErrandKernel) -> None:
    run = kernel.there("import socket\nopened = socket.socket(); plain_name = 1")
    assert "stayed on" in reports(run)[-1]
    assert kernel.value("plain_name, 'opened' in globals()") == (1, False)
    assert kernel.there("opened.fileno() > 0").result == "True"


BLOCK = """import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name == 'mailbox':
            raise ModuleNotFoundError(name)
sys.modules.pop('mailbox', None); sys.meta_path.insert(0, Blocked())"""


def test_what_needs_a_package_that_is_missing_here_stays_there(kernel: ErrandKernel) -> None:
    kernel.run(BLOCK)
    run = kernel.there("import mailbox\nletter = mailbox.Message(); plain = [2]\nletter")
    assert run.error is None
    assert "letter (mailbox is not installed" in reports(run)[-1]
    assert kernel.value("plain, 'letter' in globals()") == ([2], False)
    assert kernel.there("type(letter) is mailbox.Message").result == "True"
    kernel.run("del sys.meta_path[0]")


def test_outputs_are_live_and_in_the_cell(kernel: ErrandKernel) -> None:
    run = kernel.there(
        """import sys; from IPython.display import display
shown = display('a', display_id=True); shown.update('b')
print('out'); print('err', file=sys.stderr)
name = input('name? '); print('hello', name)""",
        answers=("bob",),
    )
    assert run.text() == "out\nhello bob\n"
    assert run.text("stderr") == "err\n"
    updates = [each["data"]["text/plain"] for each in run.of_type("update_display_data")]
    assert "'b'" in updates
    captured = kernel.run("%%capture kept_output\n%%teleport local\nprint('inside')")
    assert captured.text() == ""
    assert kernel.value("kept_output.stdout") == "inside\n"


def test_stop_stops_the_cell_there_and_what_it_did_is_kept(kernel: ErrandKernel) -> None:
    run = kernel.there(
        "import time\nrounds = 0\nprint('begun', flush=True)\nwhile True:\n    time.sleep(0.01); rounds += 1",
        stop_at=["begun"],
    )
    assert run.reply["content"]["ename"] == "KeyboardInterrupt"
    assert "pyteleport_jupyter" not in plain("\n".join(run.of_type("error")[0]["traceback"]))
    assert kernel.value("rounds >= 0")
    assert kernel.there("'still there'").result == "'still there'"


DEAF = """%%teleport local
import os, time
changed.append(1)
print(os.getpid(), 'begun', flush=True)
while True:
    try: time.sleep(60)
    except KeyboardInterrupt: print('swallowed', flush=True)"""


def test_a_cell_that_does_not_listen_to_stop_is_given_up_at_the_second_one(kernel: ErrandKernel) -> None:
    kernel.run("import os; changed = []")
    run = kernel.run(DEAF, stop_at=["begun", "swallowed"])
    assert run.reply["content"]["ename"] == "KeyboardInterrupt"
    assert "nothing was changed here" in plain("".join(run.of_type("error")[0]["traceback"]))
    pid = int(run.text().split()[0])
    assert eventually(lambda: not psutil.pid_exists(pid), SECONDS)
    assert kernel.there("os.getpid() != " + str(pid)).result == "True"
    assert kernel.value("changed") == []


def test_two_cells_in_the_background_that_change_one_object_are_a_conflict_by_name(
    kernel: ErrandKernel,
) -> None:
    kernel.run("import os, time; shared, mine = [1], [0]")
    go = "while not os.path.exists('both'): time.sleep(0.02)\n"
    other = f'"cmd:sh -c" --python {sys.executable}'
    kernel.run(f"%%teleport local --bg --as first\n{go}shared.append('first')")
    kernel.run(f"%%teleport {other} --bg --as second\n{go}shared.append('second'); mine.append(1)")
    said: list[str] = []
    kernel.client.execute("open('both', 'x').close()\nfirst.result(60); second.result(60)")
    while not any("conflict:" in each for each in said):
        said.append(str(kernel.client.get_iopub_msg(timeout=SECONDS)["content"]))
    assert "conflict: shared changed elsewhere too; what is here stays" in said[-1]
    assert kernel.value("shared, mine, first.variables") == ([1, "first"], [0, 1], {})
    assert list(kernel.value("second.variables").values()) == [{"shared": [1, "second"]}]


def test_unchanged_data_is_not_sent_again(kernel: ErrandKernel) -> None:
    kernel.run("import numpy as np; large = np.random.default_rng(1).random(1_000_000)")
    assert facts(kernel.there("large.sum()"))["held_bytes"] == 0
    again = facts(kernel.there("large[5] = 1.0"))
    assert again["held_bytes"] > 7_900_000
    assert again["returned_bytes"] < 3_000_000
    assert kernel.value("bool(large[5] == 1.0)")
    # Nor when other cells, small ones and large ones, ran in between.
    kernel.run("small = 1; other = np.random.default_rng(2).random(400_000)")
    kernel.there("small")
    assert facts(kernel.there("len(other)"))["held_bytes"] < 1_000_000
    assert facts(kernel.there("large.sum()"))["held_bytes"] > 6_000_000
    assert facts(kernel.there("len(other)"))["held_bytes"] > 3_000_000


def test_of_earlier_cells_only_so_much_memory_is_kept_and_what_was_used_last() -> None:
    kept, rooms = KeptMemory(most=2 << 20), [mmap(-1, 1 << 20) for _ in range(4)]
    there = [weakref.ref(room) for room in rooms]
    kept.take([b"short", rooms[0], rooms[1]])
    kept.take([rooms[2]])
    kept.take([rooms[0]])
    kept.take([rooms[3]])
    rooms.clear()
    assert [each() is not None for each in there] == [True, False, True, True]
    kept.take([])
    assert [each() is not None for each in there] == [True, False, False, True]


def test_a_cell_in_the_background(kernel: ErrandKernel) -> None:
    kernel.run("base = [1]")
    kernel.there(
        "import time; time.sleep(0.3); base.append(2); print('done there')\n6 * 7", "--bg --as handle"
    )
    assert kernel.value("handle.result(30), handle.status, base") == (42, "done", [1, 2])
    kernel.there("time.sleep(600)", "-i time --bg --as handle")
    assert kernel.value("handle.status") == "running"
    # At once: the cell may not have begun there yet.
    assert kernel.run("handle.cancel()\nhandle.result(60)").error == "KeyboardInterrupt: "
    assert kernel.value("handle.status") == "cancelled"
    assert kernel.there("'still there'").result == "'still there'"


def test_what_is_taken_back_here_is_taken_back_there(kernel: ErrandKernel) -> None:
    look = "import os, sys; os.environ.get('TOLD'), os.environ.get('MADE'), '/told' in sys.path, '/made' in sys.path"
    kernel.run("import os, sys; os.environ['TOLD'] = 'yes'; sys.path.append('/told')")
    assert kernel.there(f"{look}").result == "('yes', None, True, False)"
    kernel.there("os.environ['MADE'] = 'there'; sys.path.append('/made')", "-i os,sys")
    assert kernel.there(f"{look}").result == "('yes', 'there', True, True)"
    kernel.run("del os.environ['TOLD']; sys.path.remove('/told')")
    assert kernel.there(f"{look}").result == "(None, 'there', False, True)"


def test_what_was_changed_here_meanwhile_is_not_overwritten(kernel: ErrandKernel) -> None:
    kernel.run("shared = [1]; mine = 0")
    kernel.there(
        "import os, time\nwhile not os.path.exists('go on'): time.sleep(0.02)\n"
        "shared.append('there'); mine = 'there'",
        "--bg --as handle",
    )
    run = kernel.run("shared.append('here'); mine = 'here'; open('go on', 'x').close()\nhandle.result(30)")
    assert run.error is None
    assert kernel.value("shared, mine, handle.variables") == (
        [1, "here"], "here", {"local": {"shared": [1, "there"], "mine": "there"}},
    )  # fmt: skip


def test_what_all_hosts_agree_on_is_bound_and_what_they_do_not_is_told_truly(kernel: ErrandKernel) -> None:
    hosts = f'local "cmd:sh -c" --python {sys.executable}'
    kernel.run("import os; old = [os.getpid()]; doomed = 1")
    run = kernel.run(
        f"%%teleport {hosts} --as found\nimport json, os\nfive, both = 5, (None, True, 0.5, 'x', b'y')\n"
        "differs, alike = os.getpid(), []\nold.append(1)\ndel doomed"
    )
    assert run.error is None
    both = (None, True, 0.5, "x", b"y")
    assert kernel.value("json.dumps(five), both, 'doomed' in globals()") == ("5", both, False)
    found = "len(old), 'differs' in globals(), 'alike' in globals(), found.status"
    assert kernel.value(found) == (1, False, False, "done")
    values = kernel.value("[sorted(each) for each in found.variables.values()]")
    assert values == [["alike", "differs", "old"]] * 2
    said = [each for each in reports(run) if "conflict" in each]
    assert len(said) == 2
    for each in said:
        assert "conflict: old changed elsewhere too; what is here stays" in each
        assert (
            "conflict: alike, differs changed elsewhere too; not bound here, .variables of the result" in each
        )


def test_one_host_that_fails_does_not_lose_the_others_results(kernel: ErrandKernel) -> None:
    run = kernel.run("%%teleport local cmd:false\nprint('hello')\nalone = 1\n5")
    assert run.reply["content"]["ename"] == "ErrandsFailed"
    assert run.text() == "[local] hello\n"
    assert kernel.value("dict(_), alone, _.status") == ({"local": 5}, 1, "failed")


def test_a_kernel_that_dies_is_one_sentence_and_the_next_cell_has_a_new_one(kernel: ErrandKernel) -> None:
    kernel.run("safe = [1]")
    run = kernel.there("safe.append(2)\nimport os; os._exit(3)")
    assert run.reply["content"]["ename"] == "ErrandLost"
    assert "has ended (status 3)" in run.reply["content"]["evalue"]
    assert kernel.value("safe") == [1]
    assert kernel.there("len(safe)").result == "1"


def test_what_cannot_go_along_is_said_before_anything_runs(kernel: ErrandKernel) -> None:
    kernel.run("import socket; opened_here = socket.socket(); touched = []")
    run = kernel.there("touched.append(opened_here)")
    assert run.reply["content"]["ename"] == "ErrandRefused"
    assert "opened_here: socket.socket" in run.reply["content"]["evalue"]
    assert kernel.value("touched") == []


def test_stop_while_the_host_does_not_answer(kernel: ErrandKernel) -> None:
    request = kernel.client.execute(
        "print('begun', flush=True)\nget_ipython().run_cell_magic('teleport', '\"cmd:sh -c \\'sleep 60\\' x\"', '1')"
    )
    run = kernel.finish(request, stop_at=["begun"])
    assert run.reply["content"]["ename"] == "KeyboardInterrupt"
    assert "pyteleport_jupyter" not in "".join(run.of_type("error")[0]["traceback"])


def test_a_cell_elsewhere_cannot_move_the_session_that_it_belongs_to(kernel: ErrandKernel) -> None:
    kernel.run("from pyteleport_jupyter import away, fork, request_teleport, teleport")
    calls = ("teleport('home')", "fork('local')", "request_teleport('home')", "away('local').__enter__()")
    for asked in ("%teleport home", "%teleport nowhere", "%teleport detach", "%teleport attach x", *calls):
        run = kernel.there(asked)
        assert run.reply["content"].get("ename") == "SessionElsewhere", asked
        assert "Say it in a cell of its own" in run.reply["content"]["evalue"]
    assert kernel.there("%%teleport local\n6 * 7", "--out _").error is None
    assert kernel.there("'still there'").result == "'still there'"


def test_wrong_words_are_usage_errors(kernel: ErrandKernel) -> None:
    assert "no name of a variable" in kernel.there("1", "-o 1x").text("stderr")
    assert "--help" in kernel.there("1", "--bogus").text("stderr")
    assert "nohost:70000" in str(kernel.run("%%teleport nohost:70000\n1").error)


def test_the_kernel_there_ends_with_the_one_here(kernel: ErrandKernel) -> None:
    pid = kernel.there("import os; os.getpid()", "--no-keep").result
    assert eventually(lambda: not psutil.pid_exists(int(str(pid))))
    pid = kernel.there("import os; os.getpid()").result
    kernel.client.shutdown()
    assert eventually(lambda: not psutil.pid_exists(int(str(pid))))
