"""What a step prints, kept for Dagster's page and shown where it always goes, without processes.

Dagster's own way starts four processes for each run of steps: two that follow the files, and two
that watch those. They take longer than most changes.
"""

import os
import shutil
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, TextIO

from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeIOType
from dagster._core.storage.local_compute_log_manager import (
    IO_TYPE_EXTENSION,
    LocalComputeLogManager,
)
from dagster._serdes import ConfigurableClassData

_SECONDS_BETWEEN: Final = 0.2


@dataclass
class Descriptor:
    """One of the process's own, which has one target: of runs side by side the newest has it."""

    number: int
    _files: list[IO[bytes]] = field(default_factory=list[IO[bytes]], init=False)
    _before: int = field(default=-1, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def before(self) -> IO[bytes]:
        """Where it led before any of them had it."""
        with self._lock:
            place = self._before if self._files else self.number
            return os.fdopen(os.dup(place), "wb", buffering=0)

    @contextmanager
    def led_to(self, file: IO[bytes]) -> Generator[None]:
        """Lead it to a file; in the end to that of a run that goes on, or back."""
        with self._lock:
            if not self._files:
                self._before = os.dup(self.number)
            self._files.append(file)
            os.dup2(file.fileno(), self.number)
        try:
            yield
        finally:
            with self._lock:
                self._files.remove(file)
                os.dup2(self._files[-1].fileno() if self._files else self._before, self.number)
                if not self._files:
                    os.close(self._before)


# Runs that begin at one time may each have a manager; there is one of each descriptor.
_OF_THIS_PROCESS: Final[dict[int, Descriptor]] = {}


class KeptOutput(LocalComputeLogManager):
    """Local files, as Dagster keeps them; a thread shows what is written there."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "KeptOutput":
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Generator[CapturedLogContext]:
        with (
            self._kept(sys.stdout, self._place(log_key, ComputeIOType.STDOUT)),
            self._kept(sys.stderr, self._place(log_key, ComputeIOType.STDERR)),
        ):
            yield CapturedLogContext(log_key)
        Path(self.complete_artifact_path(log_key)).touch()

    def _place(self, log_key: Sequence[str], kind: ComputeIOType) -> Path:
        place = Path(self.get_captured_local_path(log_key, IO_TYPE_EXTENSION[kind]))
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    @contextmanager
    def _kept(self, stream: TextIO, place: Path) -> Generator[None]:
        """Have the descriptor itself write to the file: that of libraries and children too."""
        number = _descriptor(stream)
        with place.open("ab") as file:
            if number is None:
                yield
                return
            descriptor = _OF_THIS_PROCESS.setdefault(number, Descriptor(number))
            with descriptor.before() as before, _shown(place, file.tell(), before):
                stream.flush()
                with descriptor.led_to(file):
                    try:
                        yield
                    finally:
                        stream.flush()


@contextmanager
def _shown(place: Path, start: int, target: IO[bytes]) -> Generator[None]:
    """Copy what comes to the file, until the block ends and all of it was copied."""
    ended = threading.Event()

    def copy() -> None:
        with place.open("rb", buffering=0) as written:
            written.seek(start)
            while not ended.wait(_SECONDS_BETWEEN):
                shutil.copyfileobj(written, target)
            shutil.copyfileobj(written, target)

    thread = threading.Thread(target=copy, name=f"shows {place.name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _descriptor(stream: TextIO) -> int | None:
    """None where a stream is none of the system's, as in tests that look at what is printed."""
    try:
        return stream.fileno()
    except (AttributeError, OSError, ValueError):
        return None
