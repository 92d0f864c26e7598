"""What a script is after it has gone on elsewhere: itself."""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

import pytest
from script_runs import AWAY, Scripts, scripts  # noqa: F401

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def test_variables_stack_and_identity_move(scripts: Scripts) -> None:
    done = scripts.run(f"""
        def inner(n):
            local = [n]
            {AWAY}
            return local, n
        shared = []
        pair = (shared, shared)
        print([inner(n)[1] for n in range(2)], pair[0] is pair[1] is shared, os.getpid() != first)
        print(__name__, os.path.basename(__file__), sys.argv[0].endswith("main.py"), __spec__)
    """)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["[0, 1] True True", "__main__ main.py True None"]


def test_the_process_that_was_started_stays_and_the_status_is_that_of_the_far_one(scripts: Scripts) -> None:
    done = scripts.run(f"{AWAY}\nsys.exit(7)")
    assert done.returncode == 7
    done = scripts.run(f"{AWAY}\nsys.exit('a message')")
    assert (done.returncode, done.stderr) == (1, "a message\n")
    done = scripts.run(f"import signal\n{AWAY}\nos.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == 128 + 9
    assert scripts.run(f"{AWAY}\nraise KeyboardInterrupt").returncode == 130


def test_no_frame_is_unwound_here_and_exit_handlers_run_there(scripts: Scripts) -> None:
    done = scripts.run(f"""
        import atexit
        atexit.register(lambda: print("exit", os.getpid() != first))
        try:
            {AWAY}
        finally:
            print("finally", os.getpid() != first)
    """)
    assert done.stdout.splitlines() == ["finally True", "exit True"]


def test_logging_goes_on_as_it_was_set_up(scripts: Scripts) -> None:
    done = scripts.run(f"""
        import logging
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", filename="log")
        log = logging.getLogger("mine"); log.setLevel(logging.DEBUG); log.addHandler(logging.StreamHandler(sys.stdout))
        log.debug("here")
        {AWAY}
        log.debug("there")
        print(os.getpid() != first, len(log.handlers), log.handlers[0].stream is sys.stdout)
        import pathlib; print(pathlib.Path("log").read_text().split())
    """)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "here", "there", "True 1 True", "['DEBUG', 'here', 'DEBUG', 'there']",
    ]  # fmt: skip


def test_modules_beside_the_script_move_with_their_state(scripts: Scripts) -> None:
    scripts.write(
        "print('loaded')\ncount = 0\ndef bump():\n    global count\n    count += 1\n    return count\n",
        "helper.py",
    )
    scripts.write("print('lazily loaded')\nvalue = 3\n", "lazy.py")
    scripts.write("from . import inner\n", "package/__init__.py")
    scripts.write("class Thing:\n    pass\n", "package/inner.py")
    done = scripts.run(f"""
        import helper, package.inner
        from helper import bump
        thing = package.inner.Thing()
        bump()
        {AWAY}
        os.rename({str(scripts.folder)!r}, {str(scripts.folder)!r} + "-away")
        import helper as again, lazy
        print(bump(), again is helper, lazy.value, isinstance(thing, package.inner.Thing))
        print(package.inner.__spec__.name, sys.modules["package.inner"].Thing is type(thing))
        os.rename({str(scripts.folder)!r} + "-away", {str(scripts.folder)!r})
    """)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "loaded",
        "lazily loaded",
        "2 True 3 True",
        "package.inner True",
    ]


def test_a_traceback_shows_the_lines_of_the_script_although_it_is_not_there(scripts: Scripts) -> None:
    scripts.write("def boom():\n    raise ValueError('from afar')  # this line\n", "helper.py")
    done = scripts.run(f"""
        import helper
        {AWAY}
        os.rename("helper.py", "gone"), os.rename("main.py", "gone too")
        helper.boom()  # and this one
    """)
    assert done.returncode == 1
    lines = [line.strip() for line in done.stderr.splitlines() if "~" not in line and "^" not in line]
    assert lines[0] == "Traceback (most recent call last):"
    assert re.fullmatch(r'File ".*main\.py", line 8, in <module>', lines[1])
    assert lines[2:] == [
        "helper.boom()  # and this one",
        lines[3],
        "raise ValueError('from afar')  # this line",
        "ValueError: from afar",
    ]


def test_what_belongs_to_the_process_moves(scripts: Scripts) -> None:
    done = scripts.run(f"""
        import random, signal, warnings
        random.seed(5)
        expected = random.Random(5).random()
        warnings.simplefilter("ignore")
        signal.signal(signal.SIGUSR1, lambda *_: print("usr1"))
        sys.path.insert(0, "/somewhere/else")
        sys.setrecursionlimit(3210)
        os.environ["MINE"] = "set here"
        {AWAY}
        warnings.warn("nobody sees this")
        print(random.random() == expected, sys.path[0], sys.getrecursionlimit(), os.environ["MINE"])
        os.kill(os.getpid(), signal.SIGUSR1)
        print(os.path.samefile(os.getcwd(), {str(scripts.folder)!r}))
    """)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["True /somewhere/else 3210 set here", "usr1", "True"]


def test_a_command_and_a_module_move_too(scripts: Scripts) -> None:
    code = f"from pyteleport_jupyter import bash_teleport; import os; a = os.getpid(); {AWAY}; print(os.getpid() != a, __name__)"
    assert scripts.run_argv("-c", code).stdout == "True __main__\n"
    scripts.write("", "package/__init__.py")
    scripts.write("value = 5\n", "package/other.py")
    scripts.write(
        f"from pyteleport_jupyter import bash_teleport\n{AWAY}\nfrom .other import value\n"
        "print(value, __name__, __package__, __spec__.name)\n",
        "package/program.py",
    )
    done = scripts.run_argv("-m", "package.program")
    assert (done.stdout, done.stderr) == ("5 __main__ package package.program\n", "")


def test_a_program_in_a_zip_moves_with_its_modules(scripts: Scripts) -> None:
    """Also with those that it imports only over there, where the zip is not (here: not any more)."""
    archive = scripts.folder / "app.pyz"
    with zipfile.ZipFile(archive, "w") as opened:
        program = f"from pyteleport_jupyter import bash_teleport\nimport os, side\nside.count += 1\n{AWAY}\n"
        program += "os.unlink('app.pyz')\nimport package.other\n"
        opened.writestr("__main__.py", program + "print(side.count, package.other.value, __name__)\n")
        opened.writestr("side.py", "count = 1\n")
        opened.writestr("package/__init__.py", "")
        opened.writestr("package/other.py", "value = 5\n")
    done = scripts.run_argv("app.pyz")
    assert (done.stdout, done.stderr) == ("2 5 __main__\n", "")


def test_it_moves_again_and_again(scripts: Scripts) -> None:
    done = scripts.run(f"""
        pids = [os.getpid()]
        for number in range(3):
            {AWAY}
            pids.append(os.getpid())
        print(len(set(pids)), number)
    """)
    assert (done.stdout, done.stderr) == ("4 2\n", "")


def test_options_of_the_interpreter_hold_there(scripts: Scripts) -> None:
    scripts.write(f"{AWAY}\nprint(sys.flags.optimize, sys.flags.dev_mode, sys._xoptions)\nassert False")
    done = scripts.run_argv("-O", "-X", "mine=1", str(scripts.folder / "main.py"))
    assert done.stdout == "1 False {'mine': '1'}\n"


@pytest.mark.parametrize("example", ["hi_bye.py", "nested.py"])
def test_the_examples_work_here(example: str, scripts: Scripts) -> None:
    done = scripts.run_argv(str(EXAMPLES / example))
    assert (done.returncode, done.stderr) == (0, "")
    said = re.findall(r"^\[.+/(\d+)\] (.*)$", done.stdout, re.MULTILINE)
    assert len({pid for pid, _ in said}) == 2
    assert said[-1][1] in ("bye", "result: 87.5")


def test_python_is_the_one_that_is_asked_for(scripts: Scripts) -> None:
    done = scripts.run(f"""
        bash_teleport("sh", "-c", python={sys.executable!r}, before="export BEFORE=1; false;")
        print(os.environ["BEFORE"], os.getpid() != first)
    """)
    assert (done.stdout, done.stderr) == ("1 True\n", "")
