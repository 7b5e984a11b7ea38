"""Documents are read by children of this process, so that none of them can take the run along.

Not multiprocessing, nor a pool built on it: its children import the parent's main module again,
which here is Dagster's, and their results are pickled, which a hijacked reader could abuse.
"""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from dagster_kb.chunking.tokens import TokenCounter
from dagster_kb.intake.parsing_child import (
    READY,
    Asked,
    ChildSetup,
    Read,
    Reading,
    out_of_memory,
    read_asked,
    readings,
)
from dagster_kb.intake.parsing_limits import ParsingLimits, Spent
from dagster_kb.intake.reading_turns import ReadingTurns
from kb_contract.errors import BadDocument, ScriptoriumError

SECONDS_TO_START: Final = 60.0
SECONDS_BETWEEN_LOOKS: Final = 1.0
SECONDS_OF_GRACE: Final = 5.0
LARGEST_REPLY: Final = 512 * 1024**2
DOCUMENTS_IN_FLIGHT: Final = 128
BYTES_IN_FLIGHT: Final = 64 * 1024**2
_ALONE: Final = {
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    # Threads of libraries would each take of the address space, and of the other child's core.
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class _Child:
    """One process and the line to it."""

    def __init__(self, setup: ChildSetup) -> None:
        self._setup = setup
        self.is_new = True
        self._link, theirs = multiprocessing.Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "dagster_kb.intake.parsing_child",
                    str(theirs.fileno()),
                ],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_environment(),
                cwd=os.sep,
            )
        self._greet()

    @property
    def pid(self) -> int:
        return self._process.pid

    def read(self, asked: Asked) -> tuple[Reading, bool]:
        """Read a document; also say whether the child is good for another."""
        limits = self._setup.limits
        allowed = asked.seconds(limits)
        spent = Spent(self.pid)
        self.is_new = False
        try:
            self._link.send_bytes(pickle.dumps((asked.path, asked.rules)))
            self._link.send_bytes(asked.data)
            if not self._answers(allowed, spent):
                return replace(_by_clock(allowed), seconds=allowed), False
            said = self._link.recv_bytes(LARGEST_REPLY)
        except (EOFError, OSError):
            waited = spent.waited()  # while it is not yet forgotten
            return replace(self._died(asked), seconds=spent.clock(), waited=waited), False
        found = replace(readings().validate_json(said), waited=spent.waited())
        # What one document left in memory must not be counted against the next.
        return found, not found.stopped and found.held_bytes < limits.memory // 2

    def _answers(self, allowed: float, spent: Spent) -> bool:
        """Wait for a word until it has spent so long; look once more then, for we may have slept too."""
        while True:
            left = allowed - spent.seconds()
            if self._link.poll(max(0.0, min(left, SECONDS_BETWEEN_LOOKS))):
                return True
            if left <= 0:
                return False

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._link.close()

    def _greet(self) -> None:
        said = b"it ended at once"
        try:
            self._link.send_bytes(pickle.dumps(self._setup))
            if not self._link.poll(SECONDS_TO_START):
                said = f"no word of it within {SECONDS_TO_START:.0f} s".encode()
            elif (said := self._link.recv_bytes()) == READY:
                return
        except (EOFError, OSError):
            pass
        self.end()
        raise ScriptoriumError(
            f"the process that reads documents does not start: {said.decode()}",
            where=sys.executable,
            cure="try `python -m dagster_kb.intake.parsing_child`; is the installation whole?",
        )

    def _died(self, asked: Asked) -> Reading:
        """Say what it died of; nobody but the document, or the system, can have ended it."""
        try:
            code = self._process.wait(SECONDS_OF_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        limits = self._setup.limits
        if code == -signal.SIGALRM:
            return _by_clock(asked.seconds(limits))
        if code == -signal.SIGXCPU:
            what = f"reading it takes more than {asked.cpu_seconds(limits)} s of a processor"
            return Reading(stopped=str(BadDocument(what, cure="split it, or nest it less deeply")))
        if code == -signal.SIGKILL:
            return Reading(stopped=out_of_memory(limits), out_of_memory=True)
        what = (
            f"the process that read it ended with {_named(code)}: memory ran out, or it is damaged"
        )
        said = str(BadDocument(what, cure="split it, or save it again"))
        return Reading(stopped=said, out_of_memory=True)


class CountsElsewhere(Protocol):
    """What knows how its tokens are counted in another process."""

    @property
    def token_counting(self) -> Callable[[], TokenCounter]: ...


@dataclass
class ParsingChildren:
    """Up to two children for a run, started when there is something to read, and anew when one is lost.

    Runs side by side share them, and none ends a child that reads for another.
    """

    model: CountsElsewhere
    read: Read = read_asked
    limits: ParsingLimits = field(default_factory=ParsingLimits)
    documents_in_flight: int = DOCUMENTS_IN_FLIGHT
    bytes_in_flight: int = BYTES_IN_FLIGHT
    stays: bool = False
    """Whether one waits for the next agent: starting it takes longer than reading a few pages."""
    _idle: list[_Child] = field(default_factory=list["_Child"], init=False)
    _all: set[_Child] = field(default_factory=set["_Child"], init=False)
    _runs: int = field(default=0, init=False)
    """How many are reading."""
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def read_all(self, asked: Iterable[Asked], *, expected: int) -> Generator[Reading]:
        """Read in order; what is taken is read on while the caller keeps what came of others."""
        mine: set[_Child] = set()
        turns = ReadingTurns(expected, lambda one: self._read(one, mine))
        flying: deque[tuple[int, Future[Reading]]] = deque()
        size = 0
        self._count(1)
        try:
            for one in asked:
                while flying and self._is_full(len(flying), size + len(one.data)):
                    gone, reading = flying.popleft()
                    size -= gone
                    yield turns.result(reading)
                flying.append((len(one.data), turns.submit(one)))
                size += len(one.data)
            while flying:
                yield turns.result(flying.popleft()[1])
        finally:
            self._count(-1)
            if flying:  # nobody waits for the rest
                turns.end(wait=False)
                self._end(lambda: mine.copy())
            turns.end(wait=True)

    def rest(self) -> None:
        """End those without work, but for one that may stay; the next document starts them again."""
        self._end(lambda: set(self._idle[max(self._runs, int(self.stays)) :]))

    def close(self) -> None:
        """End them all."""
        self._end(lambda: self._all.copy())

    def _end(self, chosen: Callable[[], set[_Child]]) -> None:
        with self._lock:
            ended = chosen()
            self._all -= ended
            self._idle = [one for one in self._idle if one not in ended]
        for one in ended:
            one.end()

    def _count(self, more: int) -> None:
        with self._lock:
            self._runs += more

    def _is_full(self, documents: int, size: int) -> bool:
        return documents >= self.documents_in_flight or size > self.bytes_in_flight

    def _read(self, asked: Asked, mine: set[_Child]) -> Reading:
        child = self._taken()
        was_new = child.is_new
        reading = self._read_in(child, asked, mine)
        if was_new or not reading.out_of_memory:
            return reading
        # Not sure that it was this document, and not what earlier ones left in the child.
        return self._read_in(self._started(), asked, mine)

    def _read_in(self, child: _Child, asked: Asked, mine: set[_Child]) -> Reading:
        with self._lock:
            mine.add(child)
        reading, is_good = child.read(asked)
        with self._lock:
            mine.discard(child)
            known = child in self._all
            if known and is_good:
                self._idle.append(child)
                return reading
            self._all.discard(child)
        if not known:  # it was ended from here, and nobody waits for what it read
            return replace(reading, out_of_memory=False)
        child.end()
        return reading

    def _taken(self) -> _Child:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._started()

    def _started(self) -> _Child:
        child = _Child(ChildSetup(self.read, self.model.token_counting, self.limits))
        with self._lock:
            self._all.add(child)
        return child


def _environment() -> dict[str, str]:
    """Nothing of ours but where modules are: there are secrets in the rest."""
    modules = [os.path.realpath(one) for one in sys.path if one]
    programs = os.pathsep.join(os.get_exec_path())
    return {**_ALONE, "PATH": programs, "PYTHONPATH": os.pathsep.join(modules)}


def _by_clock(seconds: float) -> Reading:
    what = (
        f"reading it took more than {seconds:g} s by the clock, those in which no core was free not "
        "counted, and was stopped"
    )
    cure = "split it; if the disk or memory was busy, `kb ingest --force` tries again"
    return Reading(stopped=str(BadDocument(what, cure=cure)), by_clock=True)


def _named(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"code {code}"
