"""Processes of ours: started apart from the terminal, known by pid and start time."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from kb.system_account import Account

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class ProcessIdentity:
    """A pid alone may be somebody else's by now; with the start time it is one process."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity | None":
        """Identity of a living process."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return None

    def process(self) -> psutil.Process | None:
        """Return the process while it lives; a zombie does not."""
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started) < 0.5
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    def alive(self) -> bool:
        """Say whether it runs."""
        return self.process() is not None


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    log: Path,
    cwd: Path,
    account: Account | None = None,
    die_with_parent: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, with what it says appended to `log`."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent if die_with_parent else None,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel for a signal when the parent is gone (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def signal_all(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to each that still lives."""
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def stop(processes: Sequence[psutil.Process], number: signal.Signals, *, within: float) -> None:
    """Signal, wait, then kill what is left."""
    signal_all(processes, number)
    left = wait_until_gone(processes, within=within)
    signal_all(left, signal.SIGKILL)
    wait_until_gone(left, within=5)


def wait_until_gone(processes: Sequence[psutil.Process], *, within: float) -> list[psutil.Process]:
    """Return those that are still there after a while.

    A zombie is gone: where nobody reaps orphans (containers), it would stay for ever.
    """
    deadline = time.monotonic() + within
    left = [one for one in processes if _runs(one)]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [one for one in left if _runs(one)]
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def with_descendants(process: psutil.Process) -> list[psutil.Process]:
    """Return the process and everything below it."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def processes_marked(marks: Mapping[str, str]) -> list[psutil.Process]:
    """Find processes by variables that we gave them; children inherit these."""
    return [
        one
        for one in psutil.process_iter()
        if one.pid != os.getpid() and marks.items() <= environment_of(one).items()
    ]


def environment_of(process: psutil.Process) -> dict[str, str]:
    """Return its environment; empty when it is gone or somebody else's."""
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}
