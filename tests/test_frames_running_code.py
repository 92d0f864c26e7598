"""Code objects: hashes that mean behaviour, pickles that are originals, and libraries that must be the
same."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import replace
from types import CodeType
from typing import Any

import pytest
from frames_in_place import stack_of

from pyteleport_jupyter import frames
from pyteleport_jupyter.errors import CodeDiffers
from pyteleport_jupyter.frames import running_code

SOURCE = "def f(a):\n    return a in {'x', 'y', 'z', 'w'}, lambda: a\n"


def code_of(source: str, filename: str = "a.py") -> CodeType:
    module = compile(source, filename, "exec", dont_inherit=True)
    return next(each for each in module.co_consts if isinstance(each, CodeType))


def test_the_hash_does_not_depend_on_file_line_or_process() -> None:
    here = frames.code_hash(code_of(SOURCE))
    assert here == frames.code_hash(code_of("\n\n" + SOURCE, "elsewhere.py"))
    script = (
        f"from types import CodeType\nfrom pyteleport_jupyter.frames import code_hash\n"
        f"code = compile({SOURCE!r}, 'b.py', 'exec')\n"
        "print(code_hash(next(c for c in code.co_consts if isinstance(c, CodeType))))"
    )
    there = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert there.stdout.strip() == here


@pytest.mark.parametrize(
    "other",
    [
        SOURCE.replace("'w'", "'v'"),
        SOURCE.replace("lambda: a", "lambda: 1"),
        SOURCE.replace("(a)", "(a=1)"),
        SOURCE.replace("(a)", "(*a)"),
        SOURCE.replace("def f", "def g"),
    ],
)
def test_the_hash_depends_on_what_the_code_does(other: str) -> None:
    expected = other == SOURCE.replace("(a)", "(a=1)")  # a default belongs to the function, not to its code
    assert (frames.code_hash(code_of(SOURCE)) == frames.code_hash(code_of(other))) is expected


def test_numbers_of_different_type_are_different() -> None:
    first, second = code_of("def f(): return 1"), code_of("def f(): return 1.0")
    assert frames.code_hash(first) != frames.code_hash(second)


def load(reduced: Any) -> CodeType:
    make, arguments = reduced
    code: CodeType = make(*arguments)
    return code


def test_a_morph_is_pickled_and_hashed_as_its_original() -> None:
    stack = stack_of("x = teleport()")
    original = stack.frames[-1].code
    morph = frames.resume_code(stack, None)
    assert morph is not original
    assert frames.original_code(morph) is original
    assert frames.code_hash(morph) == frames.code_hash(original)
    assert load(frames.reduce_code(morph)) == original


def test_code_of_a_library_gets_the_file_it_has_here() -> None:
    code = contextlib.suppress.__exit__.__code__
    make, (marshalled, library) = frames.reduce_code(code)  # type: ignore[misc]
    assert library == "contextlib"
    elsewhere = running_code._relocated(code, "/elsewhere/contextlib.py")
    assert load((make, (running_code.marshal.dumps(elsewhere), library))) == code
    assert load((make, (marshalled, library))).co_filename == code.co_filename


def stack_through_contextlib() -> frames.Stack:
    return stack_of(
        "import contextlib\nclass X:\n    def close(self):\n        teleport()\n"
        "with contextlib.closing(X()):\n    pass\n"
    )


def test_running_library_code_must_be_the_same() -> None:
    stack = stack_through_contextlib()
    library = stack.frames[1]
    assert library.library == "contextlib"
    frames.check_running_code(stack)
    changed = replace(library, code=code_of("def __exit__(self): pass"))
    changed = replace(changed, code_hash=frames.code_hash(changed.code))
    stack.frames = (stack.frames[0], changed, stack.frames[2])
    with pytest.raises(CodeDiffers, match="contextlib has other source code there"):
        frames.check_running_code(stack)


def test_another_bytecode_or_a_changed_code_is_refused() -> None:
    stack = stack_through_contextlib()
    root = stack.frames[-1]
    stack.frames = (replace(root, magic=b"1234"),)
    with pytest.raises(CodeDiffers, match="bytecode"):
        frames.check_running_code(stack)
    stack.frames = (replace(root, code_hash="0"),)
    with pytest.raises(CodeDiffers, match="changed on the way"):
        frames.check_running_code(stack)


def test_a_library_that_is_not_there_has_no_code() -> None:
    assert running_code.library_hashes("no_such_module_here", "f") == frozenset()
    assert running_code.library_hashes("sys", "f") == frozenset()


def test_a_library_that_stands_under_another_name_has_its_code() -> None:
    """Where modules are not frozen, as in debug builds, their loaders know one name only."""
    ask = (
        "from pyteleport_jupyter.frames.running_code import library_hashes as f; assert f('os.path', 'join')"
    )
    subprocess.run([sys.executable, "-X", "frozen_modules=off", "-c", ask], check=True, timeout=60)
