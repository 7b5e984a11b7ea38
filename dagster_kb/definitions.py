"""The writer, whole. Read this first: the list is the flow.

git folder → parsed_documents → [extractions] → chunks → embeddings → collection → [gates] → live_alias
"""

from typing import Any, Final

import dagster as dg

from dagster_kb.assets.checks import checks
from dagster_kb.assets.chunks import chunks
from dagster_kb.assets.collection import collection
from dagster_kb.assets.documents import parsed_documents
from dagster_kb.assets.embeddings import embeddings
from dagster_kb.assets.entities import entities, entity_links, link_entities
from dagster_kb.assets.extractions import extractions
from dagster_kb.assets.live_alias import live_alias
from dagster_kb.assets.pages import with_pages
from dagster_kb.assets.story import Story
from dagster_kb.described_parts import (
    embedder_of,
    extraction_of,
    folder_of,
    ledger_of,
    store_of,
    way_of,
)
from dagster_kb.executors import executor_of
from dagster_kb.intake.document_texts import DocumentTexts
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.links import Links
from dagster_kb.publishing.publication import Publication
from dagster_kb.publishing.staging import Staging
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.progress import Progress, nobody
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.settings import WriterSettings, load_settings
from dagster_kb.telemetry import Telemetry
from dagster_kb.triggers.approved_operations import operations_sensor
from dagster_kb.triggers.automation import (
    checking,
    failed_runs,
    knowledge_sensor,
    nightly_schedule,
    refresh,
)
from dagster_kb.triggers.fetching import fetching
from dagster_kb.triggers.linking import new_names
from dagster_kb.upkeep.dead_commands import dead_commands_sensor
from dagster_kb.upkeep.evaluations import answers_well, evaluation_job
from dagster_kb.upkeep.failures import recovered_agents
from dagster_kb.upkeep.freshness import freshness_checks
from dagster_kb.upkeep.freshness_told import freshness_job, freshness_sensor
from dagster_kb.upkeep.housekeeping import purge_job, purge_schedule
from dagster_kb.upkeep.operator_work import operator_job
from dagster_kb.upkeep.retention import retention_of
from dagster_kb.upkeep.retention_job import retention_job, retention_schedule
from dagster_kb.upkeep.retirement import Departures, retirement
from dagster_kb.upkeep.stopped_runs import stopped_runs
from kb_contract.loaded_code import leave_out_what_is_loaded

JOBS: Final = (
    refresh,
    checking,
    retirement,
    retention_job,
    fetching,
    operator_job,
    evaluation_job,
    link_entities,
)

AFTER_RUNS: Final = (failed_runs, recovered_agents, stopped_runs, new_names)


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads; settings are read here and nowhere else."""
    made = build_definitions(load_settings())
    leave_out_what_is_loaded()
    return made


def build_definitions(  # noqa: PLR0913 - whoever composes may bring each part
    settings: WriterSettings,
    *,
    embedder: Embedder | None = None,
    ledger: Ledger | None = None,
    store: VectorStore | None = None,
    parsing: ParsingChildren | None = None,
    progress: Progress = nobody,
    telemetry: Telemetry | None = None,
) -> dg.Definitions:
    """Compose the writer; nothing connects or loads before something runs."""
    ledger = ledger or ledger_of(settings)
    model = embedder or embedder_of(settings, ledger.database)
    telemetry = telemetry or Telemetry(settings.otel_exporter_otlp_endpoint)
    names = [key.name for one in checks for key in one.check_keys]
    assets = with_pages(
        [parsed_documents, extractions, chunks, embeddings, collection, live_alias], names, settings
    )
    freshness = freshness_job(settings)
    purge = purge_job(settings)
    return dg.Definitions(
        assets=[*assets, entities, entity_links],
        asset_checks=[*checks, freshness_checks(settings), answers_well],
        jobs=[*JOBS, purge, freshness],
        sensors=[
            knowledge_sensor(settings),
            operations_sensor(settings),
            freshness_sensor(settings, freshness),
            dead_commands_sensor(settings),
            *AFTER_RUNS,
        ],
        schedules=[
            nightly_schedule(settings), retention_schedule(settings), purge_schedule(purge)
        ],
        resources={
            **_resources(settings, model, ledger, store or store_of(settings), parsing),
            "progress": progress,
            "telemetry": telemetry,
            "story": Story(ledger, telemetry, links_of(settings)),
        },
        # One process loads the model once; more machines come as more runs, by dagster.yaml.
        executor=executor_of(settings.kb_executor, settings.kb_executor_config),
    )  # fmt: skip


def _resources(
    settings: WriterSettings, model: Embedder, ledger: Ledger, store: VectorStore,
    parsing: ParsingChildren | None,
) -> dict[str, Any]:  # fmt: skip
    """What assets and jobs stand on; each connects or loads at its first use."""
    folder, way = folder_of(settings), way_of(settings, model)
    parsing = parsing or ParsingChildren(model)
    return {
        "folder": folder,
        "ledger": ledger,
        "store": store,
        "retention": retention_of(settings, ledger, store, folder),
        "departures": Departures(ledger, folder, settings.retire_grace_hours),
        "embedder": model,
        "extraction": extraction_of(settings, ledger.database),
        "staging": Staging(folder, ledger, store, way),
        "parsing": parsing,
        "publication": Publication(ledger, store, model, DocumentTexts(folder, way, parsing)),
    }


def links_of(settings: WriterSettings) -> Links:
    """Describe the pages that the settings name."""
    return Links(
        settings.commit_url, settings.document_url, settings.collection_url, settings.api_url
    )
