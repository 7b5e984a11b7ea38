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
from pathlib import Path
from typing import IO, Any, Final, TextIO

from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeIOType
from dagster._core.storage.local_compute_log_manager import (
    IO_TYPE_EXTENSION,
    LocalComputeLogManager,
)
from dagster._serdes import ConfigurableClassData

_SECONDS_BETWEEN: Final = 0.2


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
            _kept(sys.stdout, self._place(log_key, ComputeIOType.STDOUT)),
            _kept(sys.stderr, self._place(log_key, ComputeIOType.STDERR)),
        ):
            yield CapturedLogContext(log_key)
        Path(self.complete_artifact_path(log_key)).touch()

    def _place(self, log_key: Sequence[str], kind: ComputeIOType) -> Path:
        place = Path(self.get_captured_local_path(log_key, IO_TYPE_EXTENSION[kind]))
        place.parent.mkdir(parents=True, exist_ok=True)
        return place


@contextmanager
def _kept(stream: TextIO, place: Path) -> Generator[None]:
    """Have the descriptor itself write to the file: that of libraries and children too."""
    descriptor = _descriptor(stream)
    with place.open("ab") as file:
        if descriptor is None:
            yield
            return
        with (
            os.fdopen(os.dup(descriptor), "wb", buffering=0) as before,
            _shown(place, file.tell(), before),
        ):
            stream.flush()
            os.dup2(file.fileno(), descriptor)
            try:
                yield
            finally:
                stream.flush()
                os.dup2(before.fileno(), descriptor)


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
