"""A writer in a process of its own that leaves a mark for each statement and each request it sends."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.doubles.dying_writer import Place, ingest_and_die
from tests.doubles.sudden_death import begun

LONGEST = 60


def ingest_with_marks(place: Place, marks: Path) -> None:
    descriptor = os.open(marks, os.O_WRONLY | os.O_APPEND)
    for owner, name in ((psycopg.Cursor, "execute"), (httpx.Client, "send")):
        setattr(owner, name, _marked(getattr(owner, name), descriptor))
    ingest_and_die(place, None)


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

    def __post_init__(self) -> None:
        self.marks.write_bytes(b"")
        self.process = begun(ingest_with_marks, self.place, self.marks)

    def made(self) -> int:
        return self.marks.stat().st_size

    def comes_to(self, mark: int) -> bool:
        """Wait for that mark; False when the writer ended before it."""
        deadline = time.monotonic() + LONGEST
        while self.process.exitcode is None and self.made() < mark:
            assert time.monotonic() < deadline, f"{self.made()} of {mark} marks"
            self.process.join(0.001)
        return self.process.exitcode is None
