"""Embeddings, paid for once; and the state of each chunk in a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from dagster_kb.resources.ledger_database import LedgerDatabase, one, run, run_many
from kb_contract.embedding_space import embedded_text
from kb_contract.generation import Generation


@dataclass(frozen=True)
class MissingText:
    """A text that was never embedded in this space, and the chunks that wait for it."""

    embed_sha256: str
    text: str
    chunks: tuple[UUID, ...]


@dataclass(frozen=True)
class ChunkTotals:
    """How the chunks of a run stand."""

    done: int
    error: int
    pending: int


@dataclass(frozen=True)
class EmbeddingLedger:
    """Rows of kb.embeddings and kb.chunk_runs."""

    database: LedgerDatabase

    def missing(self, generation: Generation, space_id: str) -> list[MissingText]:
        """Texts to embed, short ones first."""
        found = self.database.rows(
            "missing_embeddings", generation=generation.generation_id, space=space_id
        )
        return [
            MissingText(
                row["embed_sha256"],
                embedded_text(row["title"], tuple(row["heading_path"]), row["text"]),
                tuple(row["chunk_ids"]),
            )
            for row in found
        ]

    def begin(self, generation: Generation, missing: Sequence[MissingText]) -> None:
        """Say which chunks the run has to work on."""
        chunks = [chunk for text in missing for chunk in text.chunks]
        self.database.run("await_chunks", run=generation.run_id, chunks=chunks)

    def keep(
        self, generation: Generation, space_id: str, texts: Sequence[MissingText],
        vectors: Sequence[bytes], latency_ms: int,
    ) -> None:  # fmt: skip
        """Keep a batch of vectors and mark its chunks, together."""
        values = [{"space": space_id, "embed_sha256": text.embed_sha256, "vector": vector}
                  for text, vector in zip(texts, vectors, strict=True)]  # fmt: skip
        with self.database.transaction() as connection:
            run_many(connection, "keep_embedding", values)
            run(
                connection, "chunks_done", run=generation.run_id, latency_ms=latency_ms,
                chunks=[chunk for text in texts for chunk in text.chunks],
            )  # fmt: skip

    def failed(
        self, generation: Generation, texts: Sequence[MissingText], error: Exception
    ) -> None:
        self.database.run(
            "chunks_failed", run=generation.run_id, error_type=type(error).__name__,
            error_message=str(error)[:500], chunks=[one for text in texts for one in text.chunks],
        )  # fmt: skip

    def settle(self, generation: Generation, space_id: str) -> ChunkTotals:
        """Mark what was embedded elsewhere meanwhile, and count."""
        run_id = generation.run_id
        with self.database.transaction() as connection:
            run(
                connection, "settle_chunks", run=run_id, space=space_id,
                generation=generation.generation_id,
            )  # fmt: skip
            row = one(connection, "chunk_totals", run=run_id)
        return ChunkTotals(**row) if row else ChunkTotals(0, 0, 0)

    def totals(self, run_id: str) -> ChunkTotals:
        row = self.database.one("chunk_totals", run=run_id)
        return ChunkTotals(**row) if row else ChunkTotals(0, 0, 0)
