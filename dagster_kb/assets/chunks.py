"""chunks: the manifest, which is every chunk that the generation is made of."""

import time
from typing import Any

import dagster as dg

from dagster_kb.assembly import manifest_rows
from dagster_kb.assets.story import RETRY, asset_stages, clear_failures, facts, next_asset
from dagster_kb.partitions import GROUP, OWNERS, agents
from dagster_kb.resources.ledger import Ledger
from dagster_kb.telemetry import Telemetry
from kb_contract.errors import NotServed
from kb_contract.generation import Generation

_SCHEMA = dg.TableSchema(
    columns=[
        dg.TableColumn("chunk_id", "uuid", description="same text at the same place, same id"),
        dg.TableColumn("document_id", "uuid"),
        dg.TableColumn("chunk_index", "int", description="position in the document"),
        dg.TableColumn("path", "text", description="from the root of the git repository"),
        dg.TableColumn("payload_sha256", "text", description="a point is written when it changes"),
    ]
)


@dg.asset(
    deps=["parsed_documents"],
    partitions_def=agents,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "postgres"},
    code_version="1",
    retry_policy=RETRY,
    metadata={"dagster/column_schema": _SCHEMA},
)
def chunks(
    context: dg.AssetExecutionContext,
    ledger: dg.ResourceParam[Ledger],
    telemetry: dg.ResourceParam[Telemetry],
) -> dg.MaterializeResult[Any]:
    """Write the manifest: rows of unchanged documents are copied, the others are made."""
    began = time.perf_counter()
    with clear_failures(), asset_stages(telemetry, context) as stages:
        generation = generation_of_run(ledger, context)
        stages.about(generation)
        made: int | None = None
        if generation.state in ("staged", "checked"):
            made = ledger.documents.fill_manifest(
                generation,
                lambda document, rows: manifest_rows(
                    ledger.workspace, generation.agent_id, document, rows
                ),
            )
            generation = ledger.generations.by_id(generation.generation_id)
            stages.say("manifest", chunks=generation.chunks, made=made or 0)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(generation.manifest_digest or "none"),
        metadata={
            "dagster/row_count": generation.chunks,
            "made": made or 0,
            "copied": generation.chunks - (made or 0),
            "documents": generation.documents,
            "quarantined": generation.quarantined,
            **facts(generation),
            "seconds": time.perf_counter() - began,
            **next_asset("embeddings"),
        },
    )


def generation_of_run(ledger: Ledger, context: dg.AssetExecutionContext) -> Generation:
    """What this run works on; materialised alone, an asset takes the agent's newest generation."""
    generation = ledger.generations.of_run(context.partition_key, context.run.run_id)
    if generation is None:
        raise NotServed(
            "no generation was ever staged",
            where=context.partition_key,
            cure="materialise `parsed_documents` first, or run `kb ingest`",
        )
    return generation
