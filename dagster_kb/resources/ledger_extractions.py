"""What was read out of passages, kept once for each input, prompt and model."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from dagster_kb.resources.ledger_database import (
    Connection,
    LedgerDatabase,
    Row,
    one,
    rows,
    run,
    run_many,
)
from dagster_kb.resources.ledger_money import settle_in
from kb_contract.chat_models.books import Receipt
from kb_contract.generation import Generation

Key = Mapping[str, Any]
"""Digest of the prompt and name of the model that is asked first."""
# An answer that was paid for so often and never came whole is not asked for again by itself.
MOST_PAID: Final = 4
_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Waiting:
    """A passage that is to be asked about."""

    extraction_id: UUID
    document_id: UUID
    chunk_index: int
    path: str
    size: int
    """Bytes of its text."""


@dataclass(frozen=True)
class ExtractionTotals:
    """How the passages of a generation stand."""

    passages: int
    done: int
    invalid: int
    error: int
    pending: int


@dataclass(frozen=True)
class Claims:
    """Which passages this run asks about, so that no other pays for them too."""

    connection: Connection

    def take(self, wanted: Waiting) -> bool:
        """Whether this run is the one that asks."""
        row = one(self.connection, "claim_extraction", extraction=wanted.extraction_id)
        return bool(row and row["mine"])

    def release(self, wanted: Waiting) -> None:
        one(self.connection, "release_extraction", extraction=wanted.extraction_id)


@dataclass(frozen=True)
class ExtractionLedger:
    """Rows of kb.extractions, and which chunks they are of."""

    database: LedgerDatabase
    workspace: str

    def unnamed(self, generation: Generation, key: Key) -> Iterator[Row]:
        """Stream the chunks that no extraction is named for yet."""
        values = {"generation": generation.generation_id, **key}
        with self.database.stream("unnamed_passages", _AT_ONCE, **values) as found:
            yield from found

    def name(self, key: Key, named: Sequence[tuple[UUID, int, UUID]]) -> None:
        """Say which extraction is whose: document, place in it, extraction."""
        documents, indexes, extractions = (list(one) for one in zip(*named, strict=True))
        self.database.run("name_extractions", documents=documents, indexes=indexes,
                          extractions=extractions, **key)  # fmt: skip

    def waiting(self, generation: Generation, key: Key, *, again: bool) -> list[Waiting]:
        """What is to be asked; with `again` also what was no use before."""
        found = self.database.rows("waiting_extractions", generation=generation.generation_id,
                                   again=again, most=MOST_PAID, **key)  # fmt: skip
        return [Waiting(**row) for row in found]

    def first_in_vain(self, generation: Generation, key: Key) -> str:
        """Name the first passage that was asked about in vain and is left; nothing where there is none."""
        row = self.database.one("first_extraction_in_vain", generation=generation.generation_id,
                                most=MOST_PAID, **key)  # fmt: skip
        return row["said"] if row else ""

    def passages(self, wanted: Sequence[Waiting]) -> list[Row]:
        found = self.database.rows(
            "passages_to_extract", documents=[one.document_id for one in wanted],
            indexes=[one.chunk_index for one in wanted],
        )  # fmt: skip
        return [{**row, "path": one.path} for row, one in zip(found, wanted, strict=True)]

    @contextmanager
    def claims(self) -> Generator["Claims"]:
        """Open what claims are held by; they end with this process, however it ends."""
        with self.database.session() as connection:
            yield Claims(connection)

    def is_done(self, wanted: Waiting) -> bool:
        """Whether somebody made it meanwhile."""
        return self.database.one("is_extracted", extraction=wanted.extraction_id) is not None

    def keep(self, results: Sequence[Row], receipts: Sequence[Receipt] = ()) -> list[Row]:
        """Keep results and settle what they cost, together; returns budgets near their end."""
        sent = [
            {**row, "workspace": self.workspace, "usage": Jsonb(row["usage"]),
             "parsed": None if row["parsed"] is None else Jsonb(row["parsed"])}
            for row in results
        ]  # fmt: skip
        with self.database.transaction() as connection:
            run_many(connection, "keep_extraction", sent)
            return settle_in(connection, receipts)

    def totals(self, generation: Generation, key: Key) -> ExtractionTotals:
        row = self.database.one("extraction_totals", generation=generation.generation_id, **key)
        return ExtractionTotals(**row) if row else ExtractionTotals(0, 0, 0, 0, 0)

    def unextracted(self, documents: Sequence[UUID], key: Key) -> Row:
        """Passages of documents that would be asked about, and how long they are."""
        row = self.database.one("unextracted_of", documents=list(documents), **key)
        return row or {"passages": 0, "size": 0}

    def usual_completion(self, key: Key) -> float | None:
        """Tokens of an answer, as the last ones had them."""
        row = self.database.one("usual_completion", workspace=self.workspace, **key)
        return row["tokens"] if row else None

    def paid(self, agent: str, dagster_run: str) -> Row:
        values = {"workspace": self.workspace, "agent": agent, "run": dagster_run}
        return self.database.one("paid_for_extraction", **values) or {}

    def say_profile(self, generation: Generation, prompt_name: str, key: Key) -> None:
        self.database.run("say_extraction_profile", pipeline_run=generation.run_id,
                          prompt_name=prompt_name, **key)  # fmt: skip

    def situate(
        self, generation: Generation, key: Key, digest: Callable[[Row], str]
    ) -> tuple[int, int]:
        """Give the chunks of new documents their sentence, once; returns documents and chunks."""
        found = self.database.rows("documents_to_situate", generation=generation.generation_id)
        return len(found), sum(self._situate(row["document_id"], key, digest) for row in found)

    def _situate(self, document: UUID, key: Key, digest: Callable[[Row], str]) -> int:
        with self.database.transaction() as connection:
            head = one(connection, "hold_unsituated", document=document)
            if head is None:
                return 0
            chunks = rows(connection, "situations_of", document=document, **key)
            said = [{**row, "document": document, "embed_sha256": digest({**head, **row})}
                    for row in chunks if row["situation"]]  # fmt: skip
            run_many(connection, "situate_chunk", said)
            run(connection, "say_situated", document=document)
            return len(said)

    def of_generation(
        self, generation_id: int, limit: int, *, path: str | None = None, chunk: str | None = None
    ) -> list[Row]:
        """Show what was extracted, what is no use first."""
        return self.database.rows("extractions_of_run", generation=generation_id, limit=limit,
                                  path=path, chunk=chunk)  # fmt: skip

    def counts(self, generation_id: int) -> list[Row]:
        return self.database.rows("extraction_counts_of_run", generation=generation_id)
