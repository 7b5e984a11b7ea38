"""The ledger: who staged which generation, what it is made of, and what is served."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from dagster_kb.resources.ledger_aliases import AliasLedger
from dagster_kb.resources.ledger_database import LOCK_SECONDS, LedgerDatabase
from dagster_kb.resources.ledger_documents import DocumentLedger
from dagster_kb.resources.ledger_embeddings import EmbeddingLedger
from dagster_kb.resources.ledger_entities import EntityLedger
from dagster_kb.resources.ledger_extractions import ExtractionLedger
from dagster_kb.resources.ledger_fences import AgentFences
from dagster_kb.resources.ledger_generations import GenerationLedger
from dagster_kb.resources.ledger_incidents import IncidentLedger
from dagster_kb.resources.ledger_manifests import ManifestLedger
from dagster_kb.resources.ledger_names import NameLedger
from dagster_kb.resources.ledger_passages import PassageLedger
from dagster_kb.resources.ledger_reports import ReportLedger
from dagster_kb.resources.ledger_retention import RetentionLedger
from dagster_kb.resources.ledger_scans import ScanLedger
from dagster_kb.resources.ledger_terms import TermLedger
from dagster_kb.resources.ledger_tombstones import TombstoneLedger
from dagster_kb.resources.ledger_triggers import TriggerLedger
from dagster_kb.resources.ledger_ways_back import WayBackLedger


@dataclass(frozen=True)
class Ledger:
    """One workspace's ledger, by concern."""

    workspace: str
    database: LedgerDatabase
    generations: GenerationLedger
    documents: DocumentLedger
    manifests: ManifestLedger
    embeddings: EmbeddingLedger
    entities: EntityLedger
    extractions: ExtractionLedger
    aliases: AliasLedger
    fences: AgentFences
    incidents: IncidentLedger
    passages: PassageLedger
    scans: ScanLedger
    triggers: TriggerLedger
    reports: ReportLedger
    ways_back: WayBackLedger
    tombstones: TombstoneLedger
    names: NameLedger
    retention: RetentionLedger
    terms: TermLedger

    @contextmanager
    def agent_lock(self, agent: str) -> Generator[None]:
        """Only one writer syncs or swaps an agent at a time."""
        with self.fences.lock(agent):
            yield

    @contextmanager
    def names_lock(self) -> Generator[None]:
        """Only one writer reads whose the aliases are and moves them: some lead to another agent.

        It is held for a moment, and taken after the agent's lock, never before it.
        """
        with self.database.lock(f"names:{self.workspace}"):
            yield


def open_ledger(database_url: str, workspace: str, *, lock_patience: int = LOCK_SECONDS) -> Ledger:
    """Describe the ledger; nothing is connected yet."""
    database = LedgerDatabase(database_url, lock_patience=lock_patience)
    fences = AgentFences(database, workspace)
    return Ledger(
        workspace=workspace,
        database=database,
        generations=GenerationLedger(database, workspace),
        documents=DocumentLedger(database, workspace),
        manifests=ManifestLedger(database),
        embeddings=EmbeddingLedger(database),
        entities=EntityLedger(database),
        extractions=ExtractionLedger(database, workspace),
        aliases=AliasLedger(database, workspace, fences),
        fences=fences,
        incidents=IncidentLedger(database, workspace),
        passages=PassageLedger(database),
        scans=ScanLedger(database),
        triggers=TriggerLedger(database, workspace),
        reports=ReportLedger(database, workspace),
        ways_back=WayBackLedger(database, workspace, fences),
        tombstones=TombstoneLedger(database, workspace, fences),
        names=NameLedger(database, workspace, fences),
        retention=RetentionLedger(database, workspace),
        terms=TermLedger(database, workspace),
    )
