"""What is served, and what a build would serve whose ledger and Qdrant never saw anything."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dagster_kb.resources.vector_store import VectorStore
from kb_contract.identifiers import production_alias
from tests.conftest import RunningPostgres, fresh_database
from tests.doubles.writer_world import WriterWorld, why

Payloads = dict[str, dict[str, Any]]
Served = dict[str, Payloads]
"""Payload by id, by agent."""


@dataclass
class Damage:
    """What a clean build has and the served lacks, what differs, and what was embedded twice."""

    lost: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])
    repeated: list[str] = field(default_factory=list[str])

    def look(self, served: Payloads, clean: Payloads, moment: str) -> None:
        self.lost += [f"{moment}: {one}" for one in clean if one not in served]
        self.wrong += [f"{moment}: {one}" for one, payload in served.items()
                       if clean.get(one) != payload]  # fmt: skip


def served_by(world: WriterWorld, agents: Iterable[str]) -> Served:
    return {
        agent: {
            one.chunk_id: dict(one.payload)
            for one in VectorStore.points(
                world.store, production_alias("default", agent), payloads=True
            )
        }
        for agent in agents
    }


def built_from_nothing(
    world: WriterWorld, agents: Iterable[str], postgres: RunningPostgres, other_qdrant: str
) -> Served:
    """Build what the world's repository holds, with another ledger and another Qdrant."""
    with fresh_database(postgres) as fresh_url:
        assert fresh_url != world.settings.database_url.get_secret_value()
        fresh = WriterWorld(world.repository, fresh_url, other_qdrant, world.agent)
        try:
            for agent in agents:
                result = fresh.ingest(agent)
                assert result.success, why(result)
            return served_by(fresh, agents)
        finally:
            fresh.close()
