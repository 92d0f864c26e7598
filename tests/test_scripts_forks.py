"""A copy goes on there and the original here, and they talk."""

from __future__ import annotations

from script_runs import AWAY, Scripts, scripts  # noqa: F401

IMPORTS = "from pyteleport_jupyter import fork, parent\n"


def test_each_is_told_which_it_is_and_the_handle_has_streams_and_status(scripts: Scripts) -> None:
    done = scripts.run(
        IMPORTS
        + """
total = [1]
alias = total
copy = fork("local")
total.append(copy is None)
if copy is None:
    print("there", os.getpid() != first, alias is total, input())
    print("complaint", file=sys.stderr)
    sys.exit(7)
with copy:
    copy.stdin.write("a line\\n")
    copy.stdin.close()
    print(repr(copy.stdout.read()), repr(copy.stderr.read()), copy.wait(), copy.poll())
print("here", os.getpid() == first, total)
"""
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "'there True True a line\\n' 'complaint\\n' 7 7",
        "here True [1, False]",
    ]


def test_several_copies_know_their_numbers_talk_and_can_be_killed(scripts: Scripts) -> None:
    done = scripts.run(
        IMPORTS
        + """
class Thing:
    def __init__(self, value): self.value = value
copies = fork("local", n=2)
if isinstance(copies, int):
    while True:
        thing = parent().recv()
        parent().send((copies, isinstance(thing, Thing), thing.value * 2, lambda: thing.value))
for number, copy in enumerate(copies):
    copy.send(Thing(b"x" * 3_000_000 if number else 21))
answers = [copy.recv(timeout=60) for copy in copies]
print([(answer[:2], answer[3]() == answer[2][: len(answer[2]) // 2] if answer[0] else answer[2]) for answer in answers])
try:
    copies[0].recv(timeout=0.1)
except TimeoutError as error:
    print(error)
for copy in copies:
    copy.kill()
print([copy.wait() for copy in copies])
for call in (copies[0].recv, lambda: copies[0].send(1)):
    try:
        call()
    except EOFError as error:
        print(error)
for copy in copies:
    copy.close()
"""
    )
    assert done.stderr == ""
    first, timeout, statuses, *ends = done.stdout.splitlines()
    assert first == "[((0, True), 42), ((1, True), True)]"
    assert timeout.endswith("has sent nothing for 0.1 s")
    assert statuses == "[137, 137]"
    assert [end.partition(" has ended ")[2] for end in ends] == [
        "and sends nothing any more",
        "and receives nothing any more",
    ]


def test_a_copy_that_nobody_listens_to_is_told_and_may_go_further(scripts: Scripts) -> None:
    done = scripts.run(
        IMPORTS
        + f"""
copy = fork("local")
if copy is None:
    {AWAY}
    parent().send("from further on")
    try:
        parent().recv()
    except EOFError:
        print("left alone", flush=True)
    sys.exit(0)
print(copy.recv(timeout=60))
copy._talk.close()
print(copy.stdout.read(), end="")
print(copy.wait())
copy.close()
"""
    )
    assert (done.stdout, done.stderr) == ("from further on\nleft alone\n0\n", "")


def test_one_that_cannot_be_made_means_that_there_is_none(scripts: Scripts) -> None:
    done = scripts.run(
        IMPORTS
        + """
try:
    fork(["local", "cmd:false"])
except Exception as error:
    print(type(error).__name__)
print(os.getpid() == first)
"""
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["ShellFailed", "True"]


def test_a_running_copy_keeps_its_maker_here_and_a_finished_one_does_not(scripts: Scripts) -> None:
    done = scripts.run(
        IMPORTS
        + f"""
copy = fork("local")
if copy is None:
    sys.stdin.read()
    sys.exit(3)
try:
    {AWAY}
except Exception as error:
    print("belongs to the process that made it" in str(error))
copy.stdin.close()
copy.wait()
copy.close()
{AWAY}
print(os.getpid() != first, copy.poll())
"""
    )
    assert (done.stdout, done.stderr) == ("True\nTrue 3\n", "")
