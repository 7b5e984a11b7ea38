"""What steps took lately, out of the runs' events and the usage ledger."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graph.gateways.postgres import LazyPool
from graph.planning.estimates import Measured
from kb_contract.identifiers import DEFAULT_WORKSPACE
from kb_contract.named_queries import named_queries


@dataclass
class PostgresStepHistory:
    """The real `StepHistory`; reads at most once in `fresh_for` seconds."""

    pool: LazyPool
    workspace: str = DEFAULT_WORKSPACE
    fresh_for: float = 60.0
    clock: Callable[[], float] = time.monotonic
    _known: Mapping[tuple[str, str], Measured] = field(
        default_factory=dict[tuple[str, str], Measured], init=False
    )
    _read_at: float | None = field(default=None, init=False)

    async def measured(self) -> Mapping[tuple[str, str], Measured]:
        now = self.clock()
        if self._read_at is None or now - self._read_at > self.fresh_for:
            rows = await self.pool.rows(
                named_queries("plans")["step_history"], {"workspace": self.workspace}
            )
            self._known = {
                (row["agent"], row["capability"]): Measured(
                    steps=row["steps"],
                    seconds=float(row["seconds"]),
                    tokens=int(row["tokens"]),
                    cost=float(row["cost"]),
                )
                for row in rows
            }
            self._read_at = now
        return self._known
