"""Takes all objects of a package there and back, and says of each what became of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compatibility import Package, Specimen, package

TESTS = Path(__file__).parent.parent


@dataclass(frozen=True)
class Verdict:
    """``outcome`` is "moves", "stays" or "fails"; ``words`` say why."""

    specimen: Specimen
    outcome: str
    words: str = ""

    @property
    def is_expected(self) -> bool:
        """Whether it is what the specimen promises."""
        if self.specimen.stays:
            return self.outcome == "stays" and self.specimen.stays in self.words
        return self.outcome == "moves"

    def __str__(self) -> str:
        return f"{self.specimen.kind} {self.outcome} {self.words}"


class Worker:
    """A process that runs ``worker.py``."""

    def __init__(self, python: str = sys.executable) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)]),
            "MPLBACKEND": "agg",
        }
        self.process = subprocess.Popen(
            [python, "-W", "ignore", "-m", "compatibility.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip

    def ask(self, do: str, **arguments: Any) -> Any:
        """What the command gives. Raises RuntimeError with the words of an error."""
        return self._ask({"do": do, **arguments})[0]

    def dump(self, names: list[str]) -> tuple[dict[str, str], bytes]:
        """Reasons of what stays, and the session."""
        left, answer = self._ask({"do": "dump", "names": names})
        assert self.process.stdout is not None
        return left, self.process.stdout.read(answer["size"])

    def load(self, session: bytes) -> None:
        """Take the session over."""
        self._ask({"size": len(session)}, session)

    def _ask(self, command: dict[str, Any], payload: bytes = b"") -> tuple[Any, dict[str, Any]]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n" + payload)
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the process has died")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("value"), answer

    def end(self) -> None:
        """Let the process end."""
        self.process.kill()
        with self.process:
            pass


@contextmanager
def worker() -> Iterator[Worker]:
    """A process for the block."""
    made = Worker()
    try:
        yield made
    finally:
        made.end()


def verdicts(name: str) -> list[Verdict]:
    """What becomes of each object of the package that the file ``name`` describes."""
    described = package(name)
    specimens = {f"specimen{number}": specimen for number, specimen in enumerate(described.specimens)}
    with worker() as here:
        made = here.ask(
            "make", setup=described.setup, codes={name: each.make for name, each in specimens.items()}
        )
        found = {
            name: Verdict(specimens[name], "fails", f"could not be made: {kind}")
            for name, kind in made.items()
            if kind != specimens[name].kind.rpartition(".")[2]
        }
        try:
            found |= _there_and_back(
                here, {name: each for name, each in specimens.items() if name not in found}
            )
        except RuntimeError:
            found |= _one_by_one(
                described, {name: each for name, each in specimens.items() if name not in found}
            )
    return [found[name] for name in specimens]


def _one_by_one(described: Package, specimens: dict[str, Specimen]) -> dict[str, Verdict]:
    """One of them keeps all from moving: find out which."""
    found = {}
    for name, specimen in specimens.items():
        with worker() as here:
            try:
                here.ask("make", setup=described.setup, codes={name: specimen.make})
                found |= _there_and_back(here, {name: specimen})
            except RuntimeError as error:
                found[name] = Verdict(specimen, "fails", str(error))
    return found


def _there_and_back(here: Worker, specimens: dict[str, Specimen]) -> dict[str, Verdict]:
    def codes(part: Callable[[Specimen], str], names: list[str]) -> dict[str, str]:
        return {name: code for name in names if (code := part(specimens[name]))}

    left, session = here.dump(list(specimens))
    found = {
        name: Verdict(specimens[name], "stays", reason) for name, reason in left.items() if name in specimens
    }
    names = [name for name in specimens if name not in found]
    before = here.ask("look", codes=codes(lambda each: each.look, names))
    with worker() as there:
        there.load(session)
        arrived = there.ask("look", codes=codes(lambda each: each.look, names))
        changes = there.ask("change", codes=codes(lambda each: each.change, names))
        changed = there.ask("look", codes=codes(lambda each: each.look, names))
        _, session = there.dump(names)
    here.load(session)
    back = here.ask("look", codes=codes(lambda each: each.look, names))
    for name in names:
        words = _difference(
            specimens[name], before[name], arrived[name], changes.get(name, ""), changed[name], back[name]
        )
        found[name] = Verdict(specimens[name], "fails" if words else "moves", words)
    return found


def _difference(specimen: Specimen, before: str, arrived: str, change: str, changed: str, back: str) -> str:
    if before.startswith("!"):
        return f"cannot be looked at: {before}"
    if before != arrived:
        return f"was {before[:200]} and is {arrived[:200]}"
    if change:
        return f"cannot be changed there: {change}"
    if specimen.change and changed == arrived:
        return "was not changed there"
    return "" if changed == back else f"was {changed[:200]} and came back as {back[:200]}"


if __name__ == "__main__":
    for each in sys.argv[1:]:
        for verdict in verdicts(each):
            print("ok  " if verdict.is_expected else "BAD ", verdict)
