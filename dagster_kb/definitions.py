"""The writer, whole. Read this first: the list is the flow.

git folder → parsed_documents → chunks → embeddings → collection → [five gates] → live_alias
"""

import dagster as dg

from dagster_kb.approved_operations import operations_sensor
from dagster_kb.assets.checks import checks
from dagster_kb.assets.chunks import chunks
from dagster_kb.assets.collection import collection
from dagster_kb.assets.documents import parsed_documents
from dagster_kb.assets.embeddings import embeddings
from dagster_kb.assets.live_alias import live_alias
from dagster_kb.automation import (
    failed_runs,
    knowledge_sensor,
    nightly_schedule,
    refresh,
)
from dagster_kb.document_intake import Way
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.ledger import Ledger, open_ledger
from dagster_kb.resources.progress import Progress, nobody
from dagster_kb.resources.sentence_embedder import SentenceEmbedder
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.retirement import retirement
from dagster_kb.settings import WriterSettings, load_settings
from dagster_kb.staging import Staging
from dagster_kb.telemetry import Telemetry


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads; settings are read here and nowhere else."""
    return build_definitions(load_settings())


def build_definitions(
    settings: WriterSettings,
    *,
    embedder: Embedder | None = None,
    ledger: Ledger | None = None,
    store: VectorStore | None = None,
    progress: Progress = nobody,
    telemetry: Telemetry | None = None,
) -> dg.Definitions:
    """Compose the writer; nothing connects or loads before something runs."""
    folder = KnowledgeFolder(settings.knowledge_dir)
    model = embedder or SentenceEmbedder(settings.embedding_model, settings.embedding_threads)
    ledger = ledger or ledger_of(settings)
    store = store or store_of(settings)
    return dg.Definitions(
        assets=[parsed_documents, chunks, embeddings, collection, live_alias],
        asset_checks=checks,
        jobs=[refresh, retirement],
        sensors=[knowledge_sensor(settings), operations_sensor(settings), failed_runs],
        schedules=[nightly_schedule(settings)],
        resources={
            "folder": folder,
            "ledger": ledger,
            "store": store,
            "embedder": model,
            "staging": Staging(folder, ledger, store, Way(model, settings.chunk_tokens)),
            "progress": progress,
            "telemetry": telemetry or Telemetry(settings.otel_exporter_otlp_endpoint),
        },
        # One process loads the model once; more machines come as more runs, by dagster.yaml.
        executor=dg.in_process_executor,
    )


def ledger_of(settings: WriterSettings) -> Ledger:
    """Describe the ledger that the settings name."""
    return open_ledger(settings.database_url.get_secret_value(), settings.workspace_id)


def store_of(settings: WriterSettings) -> VectorStore:
    """Describe the vector store that the settings name."""
    key = settings.qdrant_api_key
    return VectorStore(settings.qdrant_url, key.get_secret_value() if key else None)
