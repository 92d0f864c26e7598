"""What libraries have under way in the middle of a cell is under way there: figures, bars, generators of chance,
temporary files; and what is told of it before and on the way. One kernel, which moves to a process beside it.
"""

from __future__ import annotations

import ast
import time
from pathlib import Path

from inventory_kernels import SECONDS, LocalKernel

SET_UP = """
import copy, io, os, random, re, sys, tempfile
import matplotlib; matplotlib.use('agg')
import matplotlib.pyplot as plt
import numpy as np
from tqdm import tqdm
here, api_token, seen, printed = os.getpid(), 's3cret', [], io.StringIO()
pattern = re.compile('(a)(?P<n>b)', re.I); compiled = [pattern, pattern.search('xAb')]
generator = np.random.default_rng(5); generator.random(3)
streams = [np.random.RandomState(3), np.random.Generator(np.random.Philox(7))]; [each.normal() for each in streams]
np.random.seed(3); np.random.random(2); random.seed(4); random.gauss(0, 1)
def chances():
    return [generator.random(), *[each.normal() for each in streams], np.random.normal(), random.random(), random.gauss(0, 1)]
held = copy.deepcopy((generator.bit_generator.state, streams)), np.random.get_state(), random.getstate()
expected = chances()
generator.bit_generator.state, streams = held[0]; np.random.set_state(held[1]); random.setstate(held[2])
other = plt.figure(7); plt.plot([4])
named = tempfile.NamedTemporaryFile('w+'); _ = named.write('abc')
folder = tempfile.TemporaryDirectory(); _ = open(folder.name + '/f', 'w').write('x')
"""

MOVE = """
figure, axes = plt.subplots(1, 2)
plt.sca(axes[1])
for step in (bar := tqdm(range(4), file=printed, mininterval=0)):
    plt.plot([step, step + 1], label=f'line {step}')
    if step == 1:
        %teleport local
    seen.append(step)
axes[0].imshow(np.eye(2)); plt.legend()
"""

LOOK = """
print([
    os.getpid() != here, seen, bar.n, '4/4' in printed.getvalue(),
    plt.gcf() is figure, plt.gca() is axes[1], plt.get_fignums(), plt.figure(7) is other, len(axes[1].lines),
    axes[1].get_legend().get_texts()[3].get_text(), figure.savefig(io.BytesIO()), compiled[0] is pattern,
    compiled[1].group('n'), compiled[1].re is pattern, pattern.flags & re.I == re.I, expected == chances(),
    named.seek(0), named.read(), os.path.exists(named.name), os.listdir(folder.name), api_token,
])
"""


def test_what_libraries_have_under_way(tmp_path: Path) -> None:
    with LocalKernel(tmp_path) as kernel:
        assert not kernel.run(SET_UP).error
        check_plan(kernel)
        moved = kernel.run(MOVE)
        assert not moved.error, moved.error
        assert "api_token looks like a secret and would travel; --exclude keeps it here" in moved.shown[-1]
        assert "s3cret" not in "".join(moved.shown)
        assert ast.literal_eval(kernel.run(LOOK).text) == [
            True, [0, 1, 2, 3], 4, True,
            True, True, [7, 8], True, 4,
            "line 3", None, True,
            "b", True, True, True,
            0, "abc", True, ["f"], "s3cret",
        ]  # fmt: skip
        paths = [Path(path) for path in ast.literal_eval(kernel.run("print([named.name, folder.name])").text)]
        assert all(path.exists() for path in paths)
    deadline = time.monotonic() + SECONDS
    while any(path.exists() for path in paths) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(path.exists() for path in paths)


def check_plan(kernel: LocalKernel) -> None:
    """In a notebook a table, in a terminal a text; nothing of a secret in either."""
    (shown,) = [
        m["content"]["data"]
        for m in kernel.run("%teleport plan local").messages
        if m["msg_type"] == "display_data"
    ]
    assert shown.keys() >= {"text/html", "text/plain"}
    for text in shown.values():
        assert "generator" in text
        assert "api_token looks like a secret" in text
        assert "s3cret" not in text
    assert "<table" in shown["text/html"]
    assert "<" not in shown["text/plain"].replace("<listcomp>", "")
