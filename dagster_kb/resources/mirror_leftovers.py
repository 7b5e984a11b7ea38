"""What a git left in a mirror that was killed with its writer, and its end."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

SECONDS_TO_END: Final = 10.0
# Locks that git itself never takes for left, and the beginnings of packs and objects.
_LEFT: Final = ("*.lock", "refs/**/*.lock", "objects/pack/*.keep", "objects/*/tmp_*")


def clear_up(mirror: Path) -> None:
    """Take it away, before git writes there; the caller holds the mirror's lock.

    So a git that still fetches into it has lost its writer, and nobody else ends it.
    """
    orphans = list(_fetching(mirror))
    for one in orphans:
        _end(one)
    psutil.wait_procs(orphans, SECONDS_TO_END)
    for path in list(_left(mirror)):
        path.unlink(missing_ok=True)


def _left(mirror: Path) -> Iterator[Path]:
    for pattern in _LEFT:
        yield from mirror.glob(pattern)


def _fetching(mirror: Path) -> Iterator[psutil.Process]:
    for one in psutil.process_iter(["cmdline"]):
        said: list[str] = one.info["cmdline"] or []
        if f"--git-dir={mirror}" in said and "fetch" in said:
            yield one


def _end(process: psutil.Process) -> None:
    """End it with all that it started: it leads a session of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
