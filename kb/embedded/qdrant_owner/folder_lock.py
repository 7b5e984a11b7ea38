"""The exclusive right to a data folder, held for the life of the process.

It is taken before any shard is opened: a second process that merely tries to open a live shard
breaks the next flush of the first.
"""

import os
from pathlib import Path

from filelock import FileLock, Timeout

from kb_contract.errors import ScriptoriumError


class FolderTaken(ScriptoriumError):
    """Another process owns the folder."""


class FolderLock:
    """A lock that the operating system drops when its holder ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pid_file = folder / "owner.pid"
        self._lock = FileLock(folder / "owner.lock")

    def take(self) -> None:
        """Take the lock, or say who has it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise FolderTaken(
                f"another Qdrant owner has this folder (pid {self._holder()})",
                where=str(self._folder),
                cure="use the one that runs, or stop it first",
            ) from error
        self._pid_file.write_text(f"{os.getpid()}\n", "ascii")

    def release(self) -> None:
        self._pid_file.unlink(missing_ok=True)
        self._lock.release()

    def _holder(self) -> str:
        try:
            return self._pid_file.read_text("ascii").strip()
        except FileNotFoundError:
            return "unknown, it is just starting or stopping"
