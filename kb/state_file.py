"""`KB_HOME/stack.json`: what the supervisor knows, so that others find it and a successor takes over."""

import os
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kb.addresses import Addresses
from kb.processes import ProcessIdentity
from kb_contract.errors import ScriptoriumError

PartState = Literal[
    "waiting",
    "starting",
    "healthy",
    "unhealthy",
    "backoff",
    "failed",
    "done",
    "stopped",
    "external",
]
SETTLED: tuple[PartState, ...] = ("healthy", "done", "external")


class PartRecord(BaseModel):
    """One part as it is now."""

    model_config = ConfigDict(extra="ignore")

    state: PartState = "waiting"
    pid: int | None = None
    started: float | None = None
    fingerprint: str = ""
    port: int | None = None
    url: str | None = None
    version: str | None = None
    restarts: int = 0
    stop_signal: int = 15
    reason: str = ""

    @property
    def identity(self) -> ProcessIdentity | None:
        """The process, if one was started."""
        if self.pid is None or self.started is None:
            return None
        return ProcessIdentity(self.pid, self.started)


class StackState(BaseModel):
    """The whole file. Ports and passwords stay in it when the stack is down."""

    model_config = ConfigDict(extra="ignore")

    supervisor_pid: int | None = None
    supervisor_started: float | None = None
    addresses: Addresses | None = None
    only: list[str] = Field(default_factory=list)
    ports: dict[str, int] = Field(default_factory=dict)
    postgres_password: str | None = None
    qdrant_key: str | None = None
    parts: dict[str, PartRecord] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)

    @property
    def supervisor(self) -> ProcessIdentity | None:
        """The supervisor's process, if there is one."""
        if self.supervisor_pid is None or self.supervisor_started is None:
            return None
        return ProcessIdentity(self.supervisor_pid, self.supervisor_started)

    def is_running(self) -> bool:
        """Say whether a supervisor, or anything that it started, lives."""
        known = [self.supervisor, *(one.identity for one in self.parts.values())]
        return any(one is not None and one.alive() for one in known)


def state_path(home: Path) -> Path:
    """Return where the file is."""
    return home / "stack.json"


def read_state(home: Path) -> StackState:
    """Read the file; without one, nothing was ever started here."""
    path = state_path(home)
    try:
        return StackState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return StackState()
    except ValidationError as error:
        raise ScriptoriumError(
            "the state of the stack cannot be read",
            where=str(path),
            cure="move the file away and run `kb up`",
        ) from error


def write_state(home: Path, state: StackState) -> None:
    """Replace the file in one step, readable by us alone."""
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=home, prefix=".stack.", delete=False) as draft:
        draft.write(state.model_dump_json(indent=2))
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).replace(state_path(home))
