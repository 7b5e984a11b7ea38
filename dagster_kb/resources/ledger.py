"""The ledger: who staged which generation, what it is made of, and what is served."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from dagster_kb.resources.ledger_aliases import AliasLedger
from dagster_kb.resources.ledger_database import LedgerDatabase
from dagster_kb.resources.ledger_documents import DocumentLedger
from dagster_kb.resources.ledger_embeddings import EmbeddingLedger
from dagster_kb.resources.ledger_generations import GenerationLedger


@dataclass(frozen=True)
class Ledger:
    """One workspace's ledger, by concern."""

    workspace: str
    database: LedgerDatabase
    generations: GenerationLedger
    documents: DocumentLedger
    embeddings: EmbeddingLedger
    aliases: AliasLedger

    @contextmanager
    def agent_lock(self, agent: str) -> Generator[None]:
        """Only one writer syncs or swaps an agent at a time."""
        with self.database.lock(f"agent:{self.workspace}:{agent}"):
            yield


def open_ledger(database_url: str, workspace: str) -> Ledger:
    """Describe the ledger; nothing is connected yet."""
    database = LedgerDatabase(database_url)
    return Ledger(
        workspace=workspace,
        database=database,
        generations=GenerationLedger(database, workspace),
        documents=DocumentLedger(database, workspace),
        embeddings=EmbeddingLedger(database),
        aliases=AliasLedger(database, workspace),
    )
