"""Pushes that git servers told of, and who asked for which pipeline run."""

from collections.abc import Sequence
from dataclasses import dataclass

from dagster_kb.origins import Origin
from dagster_kb.resources.ledger_database import LedgerDatabase


@dataclass(frozen=True)
class Push:
    """A push that was told of and not looked at yet."""

    delivery_id: str
    ref: str
    after_sha: str
    pusher: str
    age: float
    """Seconds since it was told."""


@dataclass(frozen=True)
class TriggerLedger:
    """Rows of ops.pushes, and the origin columns of kb.pipeline_runs."""

    database: LedgerDatabase
    workspace: str

    def open_pushes(self) -> list[Push]:
        """Those that nobody took yet, newest first."""
        found = self.database.rows("open_pushes", workspace=self.workspace)
        return [
            Push(row["delivery_id"], row["ref"], row["after_sha"], row["pusher"], row["age"])
            for row in found
        ]

    def take(self, delivery_id: str, dagster_runs: Sequence[str]) -> None:
        """Say what became of a push."""
        self.database.run(
            "take_push", workspace=self.workspace, delivery=delivery_id, runs=list(dagster_runs)
        )

    def record(self, dagster_run: str, origin: Origin) -> None:
        """Say where a pipeline run came from; one that is taken over keeps its first origin."""
        self.database.run(
            "record_origin", workspace=self.workspace, dagster_run=dagster_run,
            trigger=origin.trigger, requested_by=origin.by,
        )  # fmt: skip

    def note_trouble(self, dagster_run: str, reason: str) -> None:
        """Keep why a run that will be tried again did not get through."""
        self.database.run(
            "note_trouble", workspace=self.workspace, dagster_run=dagster_run, reason=reason
        )
