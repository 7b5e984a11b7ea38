"""Builds the index of a shard, in a process of its own and on a copy that nobody else opens.

The engine keeps Python's global lock while it builds, which would stop every reader for as long.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import qdrant_edge

PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 0.2
NICER = 5


class IndexBuildError(RuntimeError):
    """The process ended without an index."""


class IndexBuilder:
    """Starts the processes, one at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def build(self, folder: Path, is_cancelled: Callable[[], bool]) -> bool:
        """Build, and say whether it was done rather than cancelled."""
        while not self._turn.acquire(timeout=LOOK_SECONDS):
            if is_cancelled():
                return False
        try:
            return _run(folder, is_cancelled)
        finally:
            self._turn.release()


def _run(folder: Path, is_cancelled: Callable[[], bool]) -> bool:
    child = subprocess.Popen(
        [sys.executable, "-m", "kb.embedded.qdrant_owner.index_build", str(folder)],
        stdin=subprocess.DEVNULL,
    )
    while True:
        try:
            code = child.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if not is_cancelled():
                continue
            child.kill()
            child.wait()
            return False
        if code:
            raise IndexBuildError(f"building the index of {folder.name} ended with {code}")
        return True


def _child(folder: str) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.name == "posix":
        os.nice(NICER)  # whoever asks comes first
    shard = qdrant_edge.EdgeShard.load(folder)
    shard.optimize()
    shard.flush()
    shard.close()


if __name__ == "__main__":
    _child(sys.argv[1])
