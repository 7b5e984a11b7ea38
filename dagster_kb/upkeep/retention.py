"""What nobody can go back to any more is deleted: every night, or when it is asked for."""

import itertools
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from dagster_kb.publishing.alias_moves import drop
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_retention import Keep
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.settings import WriterSettings


@dataclass(frozen=True)
class Went:
    """What went, or would go."""

    generations: dict[str, list[int]]
    """Numbers by agent; their rows stay as history."""
    documents: int
    chunks: int
    embeddings: int
    runs: int
    trees: int
    """Kept trees of work that was never committed."""
    dropped_agents: list[str]
    """Agents whose folder is gone, and their grace with it."""
    bytes: int
    """About what it takes in Postgres; it is free for new rows at once."""
    waits_for: list[str]
    """Generations that are being built: documents and vectors wait for another night."""
    copies: list[str] = field(default_factory=list[str])
    """Collections that readers made to answer from the past, and that nobody used for a day."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Retention:
    """Prunes old generations, then deletes what nothing refers to any more."""

    ledger: Ledger
    store: VectorStore
    folder: KnowledgeFolder
    keep: Keep
    retire_grace_hours: int

    def look(self) -> Went:
        """Say what would go now."""
        prunable = self.ledger.retention.prunable(self.keep)
        going = [int(row["generation_id"]) for row in prunable]
        found = self.ledger.retention.to_go(going, self.keep)
        building = self.ledger.retention.being_built()
        return Went(
            generations=_by_agent((row["agent_id"], row["number"]) for row in prunable),
            documents=found["documents"], chunks=found["chunks"],
            embeddings=found["embeddings"], runs=found["runs"],
            trees=len(self.ledger.retention.forgotten_trees()),
            dropped_agents=self._over(), bytes=found["bytes"],
            waits_for=[f"{row['agent_id']} {row['number']}" for row in building],
        )  # fmt: skip

    def run(self) -> Went:
        """Do it, in small steps; stopped anywhere, the next run does the rest."""
        before = self.look()
        copies = self.ledger.retention.drop_copies(self.store.drop)
        dropped = [one for one in before.dropped_agents if drop(self.ledger, self.store, one)]
        pruned = [
            (agent, number)
            for agent, rows in itertools.groupby(
                self.ledger.retention.prunable(self.keep), lambda row: str(row["agent_id"])
            )
            for number in self._prune(agent, list(rows))
        ]
        documents, waits = _until_none(lambda: self.ledger.retention.delete_documents(self.keep))
        embeddings, waits_too = _until_none(
            lambda: self.ledger.retention.delete_embeddings(self.keep)
        )
        runs, _ = _until_none(lambda: self.ledger.retention.delete_runs(self.keep))
        _until_none(self.ledger.retention.delete_scans)
        building = self.ledger.retention.being_built() if waits or waits_too else []
        forgotten = self.ledger.retention.forgotten_trees()
        return Went(
            generations=_by_agent(pruned),
            documents=documents, chunks=before.chunks if documents else 0,
            embeddings=embeddings, runs=runs, trees=self.folder.forget_uncommitted(forgotten),
            dropped_agents=dropped, copies=copies, bytes=before.bytes,
            waits_for=[f"{row['agent_id']} {row['number']}" for row in building],
        )  # fmt: skip

    def _prune(self, agent: str, rows: list[dict[str, Any]]) -> list[int]:
        """Under the agent's lock: a rollback to one of them comes before, or finds it pruned."""
        with self.ledger.agent_lock(agent):
            return [int(row["number"]) for row in rows
                    if self.ledger.retention.prune(row["generation_id"])]  # fmt: skip

    def _over(self) -> list[str]:
        resting = self.ledger.names.at_rest(self.retire_grace_hours)
        return [one.agent for one in resting if one.over]


def _until_none(delete: Callable[[], int | None]) -> tuple[int, bool]:
    """Delete batch after batch; returns how many went, and whether the rest has to wait."""
    total = 0
    while True:
        gone = delete()
        if not gone:
            return total, gone is None
        total += gone


def _by_agent(pairs: Any) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for agent, number in pairs:
        found.setdefault(str(agent), []).append(int(number))
    return found


def retention_of(
    settings: WriterSettings, ledger: Ledger, store: VectorStore, folder: KnowledgeFolder
) -> Retention:
    """Make it as the settings say."""
    keep = Keep(settings.keep_generations, settings.keep_days)
    return Retention(ledger, store, folder, keep, settings.retire_grace_hours)
