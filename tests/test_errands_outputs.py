"""What a cell elsewhere shows in the cell here: plots, bars, widgets, help, tracebacks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from errand_kernels import ErrandKernel, reports
from frontends import eventually, plain


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ErrandKernel]:
    kernel = ErrandKernel(tmp_path_factory.mktemp("outputs"))
    kernel.run("import os; from IPython.display import display")
    yield kernel
    kernel.end()


def shown(run: Any) -> list[dict[str, Any]]:
    """The data of displays and results, without the line of the report, as they came."""
    kinds = ("display_data", "execute_result")
    found = [m["content"] for m in run.messages if m["header"]["msg_type"] in kinds]
    return [content["data"] for content in found if "pyteleport" not in content.get("metadata", {})]


def test_plots_tables_and_what_is_made_of_html(kernel: ErrandKernel) -> None:
    run = kernel.there(
        "import matplotlib.pyplot as plt, pandas as pd\nfrom IPython.display import HTML\n"
        "plt.plot([1, 2]); plt.show()\ndisplay(HTML('<b>bold</b>'))\npd.DataFrame({'a': [1]})"
    )
    assert [sorted(data) for data in shown(run)] == [
        ["image/png", "text/plain"], ["text/html", "text/plain"], ["text/html", "text/plain"],
    ]  # fmt: skip
    figure = kernel.there("figure, axes = plt.subplots(); axes.plot([3, 4]); plt.close(figure)")
    assert figure.error is None
    assert "image/png" in shown(kernel.run("%matplotlib inline\nfigure"))[0]


def test_what_was_shown_is_cleared_and_shown_anew(kernel: ErrandKernel) -> None:
    run = kernel.there(
        "from IPython.display import clear_output\nprint('first'); clear_output(wait=True); print('second')"
    )
    kinds = [m["header"]["msg_type"] for m in run.messages]
    kinds = [kind for kind in kinds if kind in ("stream", "clear_output")]
    assert kinds == ["stream", "clear_output", "stream"]


def test_bars_of_tqdm_in_words_and_as_widgets(kernel: ErrandKernel) -> None:
    run = kernel.there("from tqdm import tqdm\nfor _ in tqdm(range(3)): pass")
    assert "100%" in run.text("stderr")
    assert "3/3" in run.text("stderr")
    run = kernel.there("from tqdm.notebook import tqdm as bar\nfor _ in bar(range(3)): pass")
    assert "application/vnd.jupyter.widget-view+json" in shown(run)[0]
    updates = [c["data"]["state"] for c in run.of_type("comm_msg")]
    assert {"value": 3.0} in updates
    assert {"bar_style": "success"} in updates
    assert {"value": "100%"} in updates


def say(kernel: ErrandKernel, comm_id: str, data: dict[str, Any]) -> str:
    """As the front end that shows a widget; the id of the request."""
    message = kernel.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
    kernel.client.shell_channel.send(message)
    return str(message["header"]["msg_id"])


def moved(value: int) -> dict[str, Any]:
    return {"method": "update", "state": {"value": value}, "buffer_paths": []}


def test_a_widget_made_there_lives_on_here_and_may_go_there_again(kernel: ErrandKernel) -> None:
    run = kernel.there(
        "import ipywidgets, gc\nslider = ipywidgets.IntSlider(value=1); seen = []\n"
        "slider.observe(lambda change: seen.append(change['new']), 'value')\nslider"
    )
    view = shown(run)[0]["application/vnd.jupyter.widget-view+json"]["model_id"]
    say(kernel, view, moved(7))
    assert eventually(lambda: kernel.value("slider.value, seen") == (7, [7]))
    run = kernel.run("slider.value = 8")
    assert [c["data"]["state"] for c in run.of_type("comm_msg")] == [{"value": 8}]
    run = kernel.there("import gc; slider.value = 9; gc.collect();")
    assert [c["data"]["state"] for c in run.of_type("comm_msg")] == [{"value": 9}]
    assert not run.of_type("comm_close")
    assert kernel.value("slider.value, seen, slider.model_id") == (9, [7, 8, 9], view)


def test_what_a_front_end_says_to_a_widget_that_stays_there_goes_there(kernel: ErrandKernel) -> None:
    run = kernel.there(
        "def make():\n    button = ipywidgets.Button()\n"
        "    button.on_click(lambda _: setattr(button, 'description', str(os.getpid())))\n"
        "    return button\nhere = os.getpid()\ndisplay(make())"
    )
    view = shown(run)[0]["application/vnd.jupyter.widget-view+json"]["model_id"]
    say(kernel, view, {"method": "custom", "content": {"event": "click"}})
    described: list[str] = []

    def heard() -> bool:
        message = kernel.client.get_iopub_msg(timeout=60)
        if message["header"]["msg_type"] == "comm_msg" and message["content"]["comm_id"] == view:
            described.append(message["content"]["data"]["state"].get("description", ""))
        return bool(described)

    assert eventually(heard, 60)
    assert described == [str(kernel.value("here"))]


def test_secrets_semicolons_and_help(kernel: ErrandKernel) -> None:
    assert kernel.there("import getpass; getpass.getpass('word? ')", answers=("open",)).result == "'open'"
    assert kernel.there("1 + 1;").result is None
    assert kernel.value("_") == "open"
    (page,) = kernel.there("len?").reply["content"]["payload"]
    assert "number of items" in page["data"]["text/plain"]


def test_no_traceback_has_our_frames(kernel: ErrandKernel) -> None:
    run = kernel.there("good = 1\nbad =")
    assert run.reply["content"]["ename"] == "SyntaxError"
    (error,) = run.of_type("error")
    text = plain("\n".join(error["traceback"]))
    assert "bad =" in text
    assert "line 3" in text
    assert "teleport" not in text
    run = kernel.there("raise ExceptionGroup('several', [ValueError(1), TypeError(2)])")
    assert run.error == "ExceptionGroup: several (2 sub-exceptions)"
    assert "pyteleport_jupyter" not in run.text("stderr")
    assert "TypeError: 2" in run.text("stderr")
    run = kernel.there("try: 1 / 0\nexcept ZeroDivisionError as error: raise ValueError('x') from error")
    text = plain("\n".join(run.of_type("error")[0]["traceback"]))
    assert "ZeroDivisionError: division by zero" in text
    assert "direct cause" in text
    assert "pyteleport_jupyter" not in text
    text = plain("\n".join(kernel.run("1 / 0").of_type("error")[0]["traceback"]))
    assert "1 / 0" in text


def test_an_error_whose_class_is_only_there_is_told_in_words(kernel: ErrandKernel) -> None:
    kernel.run(
        "import sys\nclass Blocked:\n    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'mailbox': raise ModuleNotFoundError(name)\n"
        "sys.modules.pop('mailbox', None); sys.meta_path.insert(0, Blocked())"
    )
    run = kernel.there("import mailbox\nraise mailbox.NoSuchMailboxError('none')")
    kernel.run("del sys.meta_path[0]")
    assert run.reply["content"]["ename"] == "ErrandRaised"
    assert "NoSuchMailboxError: none" in run.reply["content"]["evalue"]


def test_the_line_of_a_cell_in_the_background_is_brought_to_its_end_by_itself(
    kernel: ErrandKernel, tmp_path: Path
) -> None:
    go = str(tmp_path / "go")
    kernel.run(f"go = {go!r}")
    run = kernel.there(
        "import time\nwhile not os.path.exists(go): time.sleep(0.02)\nvalue = 5", "--bg --as handle"
    )
    request = run.messages[0]["parent_header"]["msg_id"]
    Path(go).touch()
    lines: list[str] = []

    def told() -> bool:
        message = kernel.client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") == request and "data" in message["content"]:
            lines.append(message["content"]["data"]["text/plain"])
        return any("came back: " in line for line in lines)

    assert eventually(told, 60), (reports(run), lines)
    assert kernel.value("value") == 5


def test_the_second_cell_runs_in_the_same_process(kernel: ErrandKernel) -> None:
    assert kernel.there("os.getpid()").result == kernel.there("os.getpid()").result


def test_modules_beside_the_notebook(kernel: ErrandKernel, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("def told(): return 'first'\n")
    kernel.run(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import beside")
    assert kernel.there("beside.told()").result == "'first'"
    (tmp_path / "beside.py").write_text("def told(): return 'edited'\n")
    kernel.run("import importlib; importlib.invalidate_caches(); beside = importlib.reload(beside)")
    assert kernel.there("import beside\nbeside.told()").result == "'edited'"
