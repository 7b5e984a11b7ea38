"""A part of the stack, as data."""

import hashlib
import json
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kb.embedded.health import Probe
from kb.system_account import Account
from kb_contract.errors import ScriptoriumError


@dataclass(frozen=True)
class Part:
    """What the supervisor starts (or, without argv, only watches), and what that needs."""

    name: str
    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    cwd: Path = Path()
    depends_on: tuple[str, ...] = ()
    probe: Probe | None = None
    port: int | None = None
    url: str | None = None
    is_task: bool = False
    """Runs once and ends, instead of staying."""
    prepare: Callable[[], None] | None = None
    """Runs before every start."""
    inherits_environment: bool = True
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 6.0
    starts_within: float = 120.0
    """Of what stays; a task takes as long as there is work."""
    not_if_adopted: str = ""
    """A task that need not run when this part has survived."""
    children_may_outlive: bool = False
    """A restart leaves its children alone (they end by themselves); `kb down` does not."""

    @property
    def is_external(self) -> bool:
        """Somebody else runs it."""
        return not self.argv

    def fingerprint(self) -> str:
        """Digest of what it is started with: a survivor with another one is not adopted."""
        said = [self.argv, sorted(self.env.items()), str(self.cwd)]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def in_start_order(parts: Mapping[str, Part]) -> list[list[Part]]:
    """Group the parts so that each stands after all that it depends on."""
    levels: list[list[Part]] = []
    placed: set[str] = set()
    while len(placed) < len(parts):
        level = [
            part
            for part in parts.values()
            if part.name not in placed and placed.issuperset(set(part.depends_on) & set(parts))
        ]
        if not level:
            raise ScriptoriumError(f"parts wait for each other: {sorted(set(parts) - placed)}")
        levels.append(level)
        placed |= {part.name for part in level}
    return levels
