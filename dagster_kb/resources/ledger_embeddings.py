"""Embeddings, paid for once; and the state of each chunk in a run."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from dagster_kb.resources.ledger_database import LedgerDatabase, Row, one, run
from kb_contract.embedding_space import searched_text
from kb_contract.generation import Generation


@dataclass(frozen=True)
class Failure:
    """Why a text has no vector, and how often it was tried alone."""

    kind: str
    message: str
    attempts: int

    @classmethod
    def of(cls, error: BaseException, attempts: int) -> "Failure":
        return cls(type(error).__name__, str(error)[:500], attempts)


@dataclass(frozen=True)
class MissingText:
    """A text that was never embedded in this space, and the chunks that wait for it."""

    embed_sha256: str
    document_id: UUID
    chunk_index: int
    path: str
    heading_path: tuple[str, ...]
    tokens: int
    characters: int
    chunks: tuple[UUID, ...]
    failure: Failure | None = None
    """How it failed earlier in this run."""

    @property
    def place(self) -> str:
        """Where a person finds it."""
        return " > ".join((self.path, *self.heading_path))


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
        """Texts to embed, long ones first."""
        found = self.database.rows(
            "missing_embeddings", generation=generation.generation_id,
            space=space_id, run=generation.run_id,
        )  # fmt: skip
        return [_missing(row) for row in found]

    def unknown(self, space_id: str, digests: Collection[str]) -> int:
        """How many of these texts were never embedded in this space."""
        row = self.database.one("unknown_texts", space=space_id, digests=list(digests))
        return row["texts"] if row else 0

    def texts(self, missing: Sequence[MissingText]) -> list[str]:
        """Read what is embedded: place in words, then the chunk."""
        found = self.database.rows(
            "texts_to_embed", documents=[one.document_id for one in missing],
            indexes=[one.chunk_index for one in missing],
        )  # fmt: skip
        return [searched_text(row) for row in found]

    def embeddable(self, generation: Generation) -> int:
        """How many different texts the generation has."""
        row = self.database.one("embeddable_texts", generation=generation.generation_id)
        return row["texts"] if row else 0

    def begin(self, generation: Generation, missing: Sequence[MissingText]) -> None:
        """Say which chunks the run has to work on."""
        chunks = [chunk for text in missing for chunk in text.chunks]
        self.database.run("await_chunks", run=generation.run_id, chunks=chunks)

    def keep(
        self, generation: Generation, space_id: str, texts: Sequence[MissingText],
        vectors: Sequence[tuple[bytes, bytes]], latency_ms: int,
    ) -> None:  # fmt: skip
        """Keep a batch of vectors, each with those of its words, and mark its chunks, together."""
        with self.database.transaction() as connection:
            run(
                connection, "keep_embeddings", space=space_id, vectors=[one for one, _ in vectors],
                words=[words for _, words in vectors],
                digests=[text.embed_sha256 for text in texts],
            )  # fmt: skip
            run(
                connection, "chunks_done", run=generation.run_id, latency_ms=latency_ms,
                chunks=[chunk for text in texts for chunk in text.chunks],
            )  # fmt: skip

    def failed(
        self, generation: Generation, texts: Sequence[MissingText], failure: Failure
    ) -> None:
        """Mark chunks as failed; what was tried in a batch only counts as no attempt."""
        self.database.run(
            "chunks_failed", run=generation.run_id, error_type=failure.kind,
            error_message=failure.message, attempts=failure.attempts,
            chunks=[one for text in texts for one in text.chunks],
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


def _missing(row: Row) -> MissingText:
    failed = row["attempts"] > 0
    return MissingText(
        embed_sha256=row["embed_sha256"],
        document_id=row["document_id"],
        chunk_index=row["chunk_index"],
        path=row["path"],
        heading_path=tuple(row["heading_path"]),
        tokens=row["tokens"],
        characters=row["characters"],
        chunks=tuple(row["chunk_ids"]),
        failure=Failure(row["error_type"], row["error_message"], row["attempts"])
        if failed else None,
    )  # fmt: skip
