"""A writer in a process of its own that kills itself (SIGKILL) at a chosen call."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from dagster_kb.publishing.collection_audit import CollectionAudit
from dagster_kb.resources.ledger_aliases import AliasLedger
from dagster_kb.resources.ledger_documents import DocumentLedger
from dagster_kb.resources.ledger_embeddings import EmbeddingLedger
from dagster_kb.resources.ledger_generations import GenerationLedger
from dagster_kb.resources.vector_store import VectorStore
from tests.doubles.hash_embedder import HashEmbedder

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
}


@dataclass(frozen=True)
class Death:
    """Where to die: before or after the n-th call."""

    call: str
    when: Literal["before", "after"]
    nth: int = 1


@dataclass(frozen=True)
class Place:
    """Where the writer works."""

    repository: Path
    database_url: str
    qdrant_url: str
    agent: str


def die(death: Death) -> None:
    """Arrange this process's death."""
    owner, name = CALLS[death.call]
    real: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        now = calls == death.nth
        if now and death.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*args, **kwargs)
        if now:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, deadly)


def ingest_and_die(place: Place, death: Death | None) -> None:
    """Ingest in this process; the exit code says how it ended."""
    from tests.doubles.git_repository import GitRepository
    from tests.doubles.writer_world import WriterWorld

    if death:
        die(death)
    repository = GitRepository(place.repository)
    world = WriterWorld(repository, place.database_url, place.qdrant_url, place.agent)
    ended_well = world.ingest().success
    os._exit(0 if ended_well else 3)


def run(place: Place, death: Death | None = None) -> int:
    """Run it in a process of its own; returns its exit code (-9 when it was killed)."""
    process = start(place, death)
    process.join(timeout=60)
    assert process.exitcode is not None, "the writer hangs"
    return process.exitcode


def start(place: Place, death: Death | None = None) -> Any:
    process = _context().Process(target=ingest_and_die, args=(place, death))
    process.start()
    return process


@cache
def _context() -> Any:
    """A server that has everything imported forks a new writer in a moment."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.doubles.writer_world"])
    return context
