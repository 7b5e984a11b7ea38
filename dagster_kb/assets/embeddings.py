"""embeddings: a vector for every text that never had one in this space."""

from typing import Any, Final

import dagster as dg

from dagster_kb.assets.story import RETRY, Story
from dagster_kb.embedding.job import Embedded, EmbeddingJob
from dagster_kb.partitions import agents
from dagster_kb.publishing.write_ahead import WriteAhead
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_embeddings import ChunkTotals
from dagster_kb.resources.progress import Progress
from dagster_kb.resources.vector_store import VectorStore

AHEAD: Final = "points_written_ahead"


@dg.asset(
    deps=["chunks"],
    partitions_def=agents,
    kinds={"huggingface", "postgres"},
    pool="embedder",
    retry_policy=RETRY,
)
def embeddings(
    context: dg.AssetExecutionContext,
    ledger: dg.ResourceParam[Ledger],
    embedder: dg.ResourceParam[Embedder],
    store: dg.ResourceParam[VectorStore],
    progress: dg.ResourceParam[Progress],
    story: dg.ResourceParam[Story],
) -> dg.MaterializeResult[Any]:
    """Embed what was never embedded; each batch is kept as soon as it is there."""
    with story.of(context) as told:
        generation = told.generation()
        embedded, totals, written = Embedded(), ChunkTotals(0, 0, 0), 0
        if generation.state in ("staged", "checked"):
            with WriteAhead(ledger, store, generation, told.stages).open() as ahead:
                embedded = EmbeddingJob(
                    ledger, embedder, generation, told.stages,
                    lambda done, total: progress(generation.agent_id, "embedding", done, total),
                    ahead.take,
                ).run()  # fmt: skip
            written = ahead.written
            totals = ledger.embeddings.settle(generation, embedder.space.space_id)
        return told.result(
            generation,
            version=f"{generation.manifest_digest}",
            goes_on_in="collection",
            **{"dagster/row_count": generation.chunks},
            texts_embedded=embedded.texts,
            texts_reused=embedded.reused,
            texts_cut=embedded.cut,
            estimate=embedded.estimate,
            cost=embedded.cost,
            texts_per_second=embedded.per_second,
            embedding_seconds=round(embedded.seconds, 3),
            **{AHEAD: written},
            runs_on=embedded.runs_on,
            processes=str(embedded.processes),
            chunks_worked_on=totals.done + totals.error + totals.pending,
            chunks_in_error=totals.error,
            model=embedder.space.model,
            dimension=str(embedder.space.dimension),
        )
