"""What the writer stands on, as the settings describe it; nothing connects or loads before its first use.

Apart from the assets, because commands need these parts and not Dagster, whose import takes seconds.
"""

from dagster_kb.extraction.desk import ExtractionDesk
from dagster_kb.intake.reading_way import Way
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.ledger import Ledger, open_ledger
from dagster_kb.resources.ledger_database import LedgerDatabase
from dagster_kb.resources.ledger_money import MoneyLedger
from dagster_kb.resources.provider_embedder import ProviderEmbedder
from dagster_kb.resources.remote_repository import RemoteRepository, mirrors_in
from dagster_kb.resources.sentence_embedder import SentenceEmbedder
from dagster_kb.resources.vector_books import VectorBooks
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.settings import WriterSettings
from kb_contract.chat_models.by_api import is_by_api
from kb_contract.chat_models.profiles import read_models_file


def folder_of(settings: WriterSettings) -> KnowledgeFolder:
    """Describe the folder of agents: here, or in a repository elsewhere."""
    if not settings.knowledge_repository:
        return KnowledgeFolder(settings.knowledge_dir)
    remote = RemoteRepository(
        settings.knowledge_repository, settings.knowledge_branch, mirrors_in(settings.kb_home),
        settings.knowledge_ask_seconds,
    )  # fmt: skip
    return KnowledgeFolder.of_remote(remote, settings.knowledge_path)


def ledger_of(settings: WriterSettings) -> Ledger:
    """Describe the ledger that the settings name."""
    return open_ledger(settings.database_url.get_secret_value(), settings.workspace_id)


def embedder_of(settings: WriterSettings, database: LedgerDatabase | None = None) -> Embedder:
    """Describe the embedder that the settings name: here, or a provider's."""
    if not is_by_api(settings.embedding_model):
        return sentence_embedder_of(settings)
    database = database or ledger_of(settings).database
    books = VectorBooks(
        MoneyLedger(database, settings.workspace_id),
        lambda: read_models_file(settings.llm_profiles).budgets,
    )
    return ProviderEmbedder(
        settings.embedding_model, settings.embedding_dimension, books,
        models_file=settings.llm_profiles,
    )  # fmt: skip


def sentence_embedder_of(settings: WriterSettings) -> SentenceEmbedder:
    """Describe the embedder whose model is on this machine."""
    return SentenceEmbedder(
        settings.embedding_model,
        settings.embedding_threads,
        settings.embedding_processes,
        settings.embedding_backend,
        settings.embedding_cache.expanduser(),
    )


def store_of(settings: WriterSettings) -> VectorStore:
    """Describe the vector store that the settings name."""
    key = settings.qdrant_api_key
    return VectorStore(settings.qdrant_url, key.get_secret_value() if key else None)


def way_of(settings: WriterSettings, embedder: Embedder) -> Way:
    """Describe how documents are read where an agent says nothing else."""
    desk = extraction_of(settings)
    return Way(
        embedder, settings.chunk_tokens, settings.pdf_ocr, situated_by=desk.situated_by
    )  # fmt: skip


def extraction_of(
    settings: WriterSettings, database: LedgerDatabase | None = None
) -> ExtractionDesk:
    """Describe who extracts."""
    database = database or ledger_of(settings).database
    return ExtractionDesk(
        MoneyLedger(database, settings.workspace_id), settings.llm_profile, settings.llm_profiles,
        settings.extraction_ask_above, settings.extraction_concurrency,
    )  # fmt: skip
