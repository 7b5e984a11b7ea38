"""The lock of an agent, and the number that tells its holder from one who comes late."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dagster_kb.resources.ledger_database import Connection, LedgerDatabase, one
from kb_contract.errors import GateRefused


@dataclass(frozen=True)
class AgentFences:
    """Rows of kb.fences.

    A lock ends with its connection, and the writer that had it may not know: it wakes up and goes
    on. So each taking of the lock draws a number, and whoever changes what is served, or what a
    colour is said to hold, shows in the same transaction that no newer one was drawn.
    """

    database: LedgerDatabase
    workspace: str
    _held: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    @contextmanager
    def lock(self, agent: str) -> Generator[None]:
        """Only one writer at a time; what this thread changes meanwhile shows this number."""
        with self.database.lock(f"agent:{self.workspace}:{agent}") as connection:
            drawn = one(connection, "draw_fence", workspace=self.workspace, agent=agent)
            before = self._tokens()
            self._held.tokens = {**before, agent: drawn["token"] if drawn else 0}
            try:
                yield
            finally:
                self._held.tokens = before

    def check(self, connection: Connection, agent: str) -> None:
        """Refuse a writer that is late; until the transaction ends nobody takes over."""
        mine = self._tokens().get(agent)
        newest = one(connection, "newest_fence", workspace=self.workspace, agent=agent)
        if mine is None:
            raise GateRefused(
                "only the holder of the agent's lock may change this",
                where=agent, cure="wrap it in `with ledger.agent_lock(agent):`",
            )  # fmt: skip
        if newest is None or newest["token"] != mine:
            raise GateRefused(
                "another writer took over when this one lost its lock",
                where=agent, cure="nothing is lost: look at `kb generations`, then ingest again",
            )  # fmt: skip

    @contextmanager
    def guard(self, agent: str) -> Generator[None]:
        """Nobody takes over while the block runs: for what is changed outside of Postgres."""
        with self.database.transaction() as connection:
            self.check(connection, agent)
            yield

    def _tokens(self) -> dict[str, int]:
        return getattr(self._held, "tokens", {})
