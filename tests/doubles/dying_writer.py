"""A writer in a process of its own that kills itself (SIGKILL) at a chosen call."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_kb.publishing.collection_audit import CollectionAudit
from dagster_kb.resources.ledger_aliases import AliasLedger
from dagster_kb.resources.ledger_documents import DocumentLedger
from dagster_kb.resources.ledger_embeddings import EmbeddingLedger
from dagster_kb.resources.ledger_generations import GenerationLedger
from dagster_kb.resources.ledger_tombstones import TombstoneLedger
from dagster_kb.resources.vector_store import VectorStore
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.sudden_death import Death, begun, die_at, exit_code

if TYPE_CHECKING:
    from tests.doubles.writer_world import WriterWorld

CALLS: dict[str, tuple[type, str]] = {
    "stage": (GenerationLedger, "stage"),
    "keep documents": (DocumentLedger, "keep"),
    "place documents": (DocumentLedger, "place"),
    "fill manifest": (DocumentLedger, "fill_manifest"),
    "embed": (HashEmbedder, "embed"),
    "keep embeddings": (EmbeddingLedger, "keep"),
    "mark colour": (AliasLedger, "mark"),
    "recreate collection": (VectorStore, "recreate"),
    "write points": (VectorStore, "write"),
    "delete points": (VectorStore, "delete"),
    "look at all": (CollectionAudit, "whole"),
    "look at what changed": (CollectionAudit, "written"),
    "stamp collection": (VectorStore, "stamp"),
    "record check": (GenerationLedger, "record_checks"),
    "move alias": (VectorStore, "point_aliases"),
    "go live": (AliasLedger, "go_live"),
    "settle deletions": (TombstoneLedger, "settle"),
}


@dataclass(frozen=True)
class Place:
    """Where the writer works."""

    repository: Path
    database_url: str
    qdrant_url: str
    agent: str

    @classmethod
    def of(cls, world: "WriterWorld") -> "Place":
        settings = world.settings
        return cls(
            world.repository.root, settings.database_url.get_secret_value(), settings.qdrant_url,
            world.agent,
        )  # fmt: skip


def ingest_and_die(place: Place, death: Death | None = None) -> None:
    """Ingest in this process; the exit code says how it ended."""
    from tests.doubles.git_repository import GitRepository
    from tests.doubles.writer_world import WriterWorld

    if death:
        die_at(death, CALLS)
    repository = GitRepository(place.repository)
    world = WriterWorld(repository, place.database_url, place.qdrant_url, place.agent)
    ended_well = world.ingest().success
    os._exit(0 if ended_well else 3)


def run(place: Place, death: Death | None = None) -> int:
    """Run it in a process of its own; returns its exit code (-9 when it was killed)."""
    return exit_code(start(place, death))


def start(place: Place, death: Death | None = None) -> Any:
    return begun(ingest_and_die, place, death)
