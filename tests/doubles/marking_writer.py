"""A writer in a process of its own that leaves a mark for each statement, request and program it starts."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.doubles.dying_writer import Place, ingest_and_die
from tests.doubles.sudden_death import begun, exit_code

LONGEST = 60
LONGEST_DELAY = 0.02
KILLED, FAILED = -9, 3

Work = Callable[[Place], None]
"""What the process does; it ends with `os._exit`."""


def with_marks(place: Place, marks: Path, work: Work) -> None:
    descriptor = os.open(marks, os.O_WRONLY | os.O_APPEND)
    for owner, name in (
        (psycopg.Cursor, "execute"), (httpx.Client, "send"), (subprocess.Popen, "__init__"),
    ):  # fmt: skip
        setattr(owner, name, _marked(getattr(owner, name), descriptor))
    work(place)


def _marked(real: Callable[..., Any], descriptor: int) -> Callable[..., Any]:
    def marking(*args: Any, **kwargs: Any) -> Any:
        os.write(descriptor, b".")
        return real(*args, **kwargs)

    return marking


@dataclass
class MarkingWriter:
    """Begins at once; how far it is can be seen, whatever the speed of the machine."""

    place: Place
    marks: Path
    work: Work = ingest_and_die

    def __post_init__(self) -> None:
        self.marks.write_bytes(b"")
        self.process = begun(with_marks, self.place, self.marks, self.work)

    def made(self) -> int:
        return self.marks.stat().st_size

    def comes_to(self, mark: int) -> bool:
        """Wait for that mark; False when the writer ended before it."""
        deadline = time.monotonic() + LONGEST
        while self.process.exitcode is None and self.made() < mark:
            assert time.monotonic() < deadline, f"{self.made()} of {mark} marks"
            self.process.join(0.001)
        return self.process.exitcode is None


@dataclass
class RandomKiller:
    """Lets work be done in a process of its own, and kills that at a random moment."""

    place: Place
    marks: Path
    chance: random.Random
    longest_delay: float = LONGEST_DELAY
    marks_of_a_run: int = 0
    """Of the last one that nobody killed; where none is said, the first one tells."""
    kills: int = 0

    def strike(self, work: Work, kill: Callable[[Any], None] = lambda one: one.kill()) -> str:
        """Kill it, once it is known how many marks it makes; how far it comes after one is chance."""
        known = self.marks_of_a_run
        mark = self.chance.randint(1, known) if known else sys.maxsize
        delay = self.chance.uniform(0, self.longest_delay)
        writer = MarkingWriter(self.place, self.marks, work)
        if writer.comes_to(mark):
            writer.process.join(delay)
            kill(writer.process)
        ended = exit_code(writer.process)
        assert ended in {0, KILLED}, ended
        self.kills += ended == KILLED
        if ended == 0:
            self.marks_of_a_run = writer.made()
        return f"{mark} of {self.marks_of_a_run} + {delay:.3f} s: {ended}"
