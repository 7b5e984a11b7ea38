"""embeddings: a vector for every text that never had one in this space."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import dagster as dg

from dagster_kb.assets.chunks import generation_of_run
from dagster_kb.assets.story import RETRY, asset_stages, clear_failures, facts, next_asset
from dagster_kb.partitions import GROUP, OWNERS, agents
from dagster_kb.resources.embedder import Embedder, to_bytes
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_embeddings import ChunkTotals, MissingText
from dagster_kb.resources.progress import Progress
from dagster_kb.resources.vector_store import batches
from dagster_kb.telemetry import Stages, Telemetry
from kb_contract.errors import BadInput
from kb_contract.generation import Generation

# What a crash can cost at most: one commit's worth of texts.
TEXTS_IN_A_COMMIT: Final = 32
_SCHEMA = dg.TableSchema(
    columns=[
        dg.TableColumn("space_id", "text", description="model, weights, prefix, dimension"),
        dg.TableColumn("embed_sha256", "text", description="digest of the text that is embedded"),
        dg.TableColumn("vector", "bytea", description="little-endian float32, length 1"),
    ]
)


@dg.asset(
    deps=["chunks"],
    partitions_def=agents,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"huggingface", "postgres"},
    code_version="1",
    pool="embedder",
    retry_policy=RETRY,
    metadata={"dagster/column_schema": _SCHEMA},
)
def embeddings(
    context: dg.AssetExecutionContext,
    ledger: dg.ResourceParam[Ledger],
    embedder: dg.ResourceParam[Embedder],
    progress: dg.ResourceParam[Progress],
    telemetry: dg.ResourceParam[Telemetry],
) -> dg.MaterializeResult[Any]:
    """Embed what was never embedded; each batch is kept before the next begins."""
    began = time.perf_counter()
    with clear_failures(), asset_stages(telemetry, context) as stages:
        generation = generation_of_run(ledger, context)
        stages.about(generation)
        embedded, totals = 0, ChunkTotals(0, 0, 0)
        if generation.state in ("staged", "checked"):
            task = Embedding(ledger, embedder, generation, stages)
            embedded = task.run(
                lambda done, total: progress(generation.agent_id, "embedding", done, total)
            )
            totals = ledger.embeddings.settle(generation, embedder.space.space_id)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(f"{generation.manifest_digest}"),
        metadata={
            "dagster/row_count": generation.chunks,
            "texts_embedded": embedded,
            "chunks_worked_on": totals.done + totals.error + totals.pending,
            "chunks_in_error": totals.error,
            "model": embedder.space.model,
            "dimension": embedder.space.dimension,
            **facts(generation),
            "seconds": time.perf_counter() - began,
            **next_asset("collection"),
        },
    )


@dataclass(frozen=True)
class Embedding:
    """Embeds what a generation lacks."""

    ledger: Ledger
    embedder: Embedder
    generation: Generation
    stages: Stages = field(default_factory=Stages)

    def run(self, advance: Callable[[int, int], None]) -> int:
        """Return how many texts were embedded."""
        space = self.embedder.space
        if self.generation.space != space.model_dump(mode="json"):
            raise BadInput(
                f"the generation is for {self.generation.space['model']}, the model is {space.model}",
                where=self.generation.agent_id,
                cure="materialise the whole chain again: it stages a generation for this model",
            )
        missing = self.ledger.embeddings.missing(self.generation, space.space_id)
        self.ledger.embeddings.begin(self.generation, missing)
        done = 0
        for batch in batches(missing, TEXTS_IN_A_COMMIT):
            self._embed(batch, space.space_id)
            done += len(batch)
            advance(done, len(missing))
        return len(missing)

    def _embed(self, batch: list[MissingText], space_id: str) -> None:
        began = time.perf_counter()
        chunks = [str(chunk) for one in batch for chunk in one.chunks]
        with self.stages.stage("embed", texts=len(batch), chunk_ids=chunks):
            try:
                vectors = self.embedder.embed([one.text for one in batch])
            except Exception as error:
                self.ledger.embeddings.failed(self.generation, batch, error)
                raise
        took = round((time.perf_counter() - began) * 1000)
        self.ledger.embeddings.keep(self.generation, space_id, batch, to_bytes(vectors), took)
