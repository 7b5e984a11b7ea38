"""After a supervisor was killed: which of its children go on, and how the rest is ended."""

import hashlib
import signal
from collections.abc import Mapping
from pathlib import Path

import psutil

from kb import processes
from kb.embedded.part import Part
from kb.embedded.part_runner import PART_MARK, STACK_MARK
from kb.processes import ProcessIdentity
from kb.state_file import StackState

LAST_TO_STOP = ("qdrant", "postgres")


def stack_id(home: Path) -> str:
    """Mark that every process of this KB_HOME carries in its environment."""
    return hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:16]


def survivors(state: StackState, parts: Mapping[str, Part]) -> dict[str, ProcessIdentity]:
    """Return processes that still run exactly what we would start."""
    found: dict[str, ProcessIdentity] = {}
    for name, part in parts.items():
        record = state.parts.get(name)
        identity = record.identity if record else None
        if record is None or identity is None or part.is_task or part.is_external:
            continue
        if record.fingerprint == part.fingerprint() and identity.alive():
            found[name] = identity
    return found


def end_all(home: Path, state: StackState, keep: Mapping[str, ProcessIdentity]) -> list[str]:
    """End what was started for this KB_HOME, save what is kept; return the names of what had to go."""
    known = {name: _process(state, name) for name in state.parts if name not in keep}
    living = {name: process for name, process in known.items() if process is not None}
    first = [name for name in living if name not in LAST_TO_STOP]
    _end([living[name] for name in first], state, first, within=6.0)
    _end_strays(home, {*keep, *LAST_TO_STOP})
    for name in LAST_TO_STOP:
        if name in living:
            _end([living[name]], state, [name], within=6.0)
    _end_strays(home, set(keep))
    return list(living)


def _process(state: StackState, name: str) -> psutil.Process | None:
    identity = state.parts[name].identity
    return identity.process() if identity else None


def _end(roots: list[psutil.Process], state: StackState, names: list[str], within: float) -> None:
    families = [one for root in roots for one in processes.with_descendants(root)]
    for root, name in zip(roots, names, strict=True):
        processes.signal_all([root], signal.Signals(state.parts[name].stop_signal))
    left = processes.wait_until_gone(families, within=within)
    processes.stop(left, signal.SIGTERM, within=1.0)


def _end_strays(home: Path, keep: set[str]) -> None:
    """End what no record names: it was started just before the supervisor was killed, or its child."""
    strays = [
        one
        for one in processes.processes_marked({STACK_MARK: stack_id(home)})
        if processes.environment_of(one).get(PART_MARK) not in keep
    ]
    processes.stop(strays, signal.SIGTERM, within=3.0)
