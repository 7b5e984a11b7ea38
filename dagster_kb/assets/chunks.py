"""chunks: the manifest, which is every chunk that the generation is made of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from dagster_kb.assembly import ManifestRow, manifest_rows
from dagster_kb.assets.extractions import EXTRACTIONS, WITHOUT
from dagster_kb.assets.story import RETRY, Story, markdown_table
from dagster_kb.partitions import agents
from dagster_kb.resources.ledger import Ledger
from kb_contract.agent_manifest import AgentManifest
from kb_contract.errors import NotServed
from kb_contract.generation import Generation


@dg.asset(
    deps=["parsed_documents", "extractions"],
    partitions_def=agents,
    kinds={"python", "postgres"},
    retry_policy=RETRY,
)
def chunks(
    context: dg.AssetExecutionContext,
    ledger: dg.ResourceParam[Ledger],
    story: dg.ResourceParam[Story],
) -> dg.MaterializeResult[Any]:
    """Write the manifest: rows of unchanged documents are copied, the others are made."""
    with story.of(context) as told:
        generation = told.generation()
        _refuse_if_left_out(context, generation)
        made: int | None = None
        of_documents = dict[str, int]()

        def rows_of(
            document: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
        ) -> Iterator[ManifestRow]:
            of_documents[document["path"]] = len(rows)
            return manifest_rows(ledger.workspace, generation.agent_id, document, rows)

        if generation.state in ("staged", "checked"):
            made = ledger.documents.fill_manifest(generation, rows_of)
            generation = ledger.generations.by_id(generation.generation_id)
            told.stages.say("manifest", chunks=generation.chunks, made=made or 0)
        return told.result(
            generation,
            version=generation.manifest_digest or "none",
            goes_on_in="embeddings",
            **{"dagster/row_count": generation.chunks},
            chunks=generation.chunks,
            made=made or 0,
            copied=generation.chunks - (made or 0),
            documents=generation.documents,
            quarantined=generation.quarantined,
            made_of=_made_of(of_documents),
        )


def _made_of(documents: Mapping[str, int]) -> dg.MetadataValue[Any] | str:
    """Say how many chunks were made of each document; nothing where all were copied."""
    rows = sorted(documents.items())
    return markdown_table(("document", "chunks"), rows) if rows else ""


def _refuse_if_left_out(context: dg.AssetExecutionContext, generation: Generation) -> None:
    """A commit may want extraction that came after the run was asked for without it."""
    wanted = AgentManifest.model_validate(generation.manifest).extraction.is_on
    if wanted and context.run.tags.get(WITHOUT) == EXTRACTIONS:
        raise NotServed(
            f"agent.yaml at {generation.git_sha[:12]} wants passages read, and this run leaves that out",
            where=generation.agent_id, cure="ask for another run: `kb ingest`",
        )  # fmt: skip
