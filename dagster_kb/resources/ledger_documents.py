"""Documents, their chunks, and the manifest of a generation."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from dagster_kb.assembly import ManifestRow, NewDocument, PlacedDocument, StoredDocument
from dagster_kb.batching import batches
from dagster_kb.resources.burying import bury_fresh, take_along, whose_file_went
from dagster_kb.resources.ledger_database import (
    Connection,
    LedgerDatabase,
    Row,
    one,
    rows,
    run,
    statement,
)
from kb_contract.generation import Generation

# Documents whose chunks are in memory at a time.
_DOCUMENTS: Final = 100
RowsOf = Callable[[Row, Sequence[Row]], Iterable[ManifestRow]]


@dataclass(frozen=True)
class DocumentLedger:
    """Rows of kb.documents, kb.chunks, kb.generation_documents and kb.generation_chunks."""

    database: LedgerDatabase
    workspace: str

    def known(self, reader: str, blobs: Iterable[str]) -> dict[str, StoredDocument]:
        """Documents that were read before, by git's name for their bytes."""
        found = self.database.rows(
            "documents_by_blob", workspace=self.workspace, reader=reader, blobs=sorted(set(blobs))
        )
        return {row["blob_sha"]: StoredDocument.of(row) for row in found}

    def keep(self, documents: Sequence[NewDocument]) -> None:
        """Keep documents with their chunks; one that is there already stays as it is."""
        if not documents:
            return
        with self.database.transaction() as connection:
            # In one order, so that two writers of the same documents never wait for each other.
            in_order = sorted(documents, key=lambda one: str(one.document_id))
            new = self._keep_without_chunks(connection, in_order)
            with connection.cursor().copy(statement("copy_chunks")) as copy:
                for document in new:
                    for row in document.chunk_rows():
                        copy.write_row(tuple(row.values()))

    def _keep_without_chunks(
        self, connection: Connection, documents: Sequence[NewDocument]
    ) -> list[NewDocument]:
        """Send all rows at once; return the documents that were not there."""
        sent = [self._row(one) for one in documents]
        cursor = connection.cursor()
        cursor.executemany(statement("keep_document"), sent, returning=True)
        kept = [bool(answer.fetchall()) for answer in cursor.results()]
        return [one for one, is_new in zip(documents, kept, strict=True) if is_new]

    def _row(self, document: NewDocument) -> Row:
        row = document.row()
        return {**row, "workspace": self.workspace, "front_matter": Jsonb(row["front_matter"])}

    def place(self, generation: Generation, documents: Sequence[PlacedDocument]) -> None:
        """Say what became of every file of the folder, in one go."""
        with self.database.transaction() as connection:
            run(connection, "make_placed_documents")
            with connection.cursor().copy(statement("copy_placed_documents")) as copy:
                for document in documents:
                    copy.write_row(tuple(document.row().values()))
            run(connection, "keep_placed_documents", generation=generation.generation_id)

    def placed(self, generation_id: int) -> dict[str, PlacedDocument]:
        found = self.database.rows("generation_documents", generation=generation_id)
        return {row["path"]: PlacedDocument(**row) for row in found}

    def noted(self, generation_id: int, limit: int) -> tuple[dict[str, list[str]], int]:
        """Notes of documents by path, at most `limit` of them, and how many have any."""
        found = self.database.rows("noted_documents", generation=generation_id, limit=limit)
        return {row["path"]: row["notes"] for row in found}, found[0]["of_all"] if found else 0

    def breaks_what_is_served(self, generation: Generation, live: Generation) -> bool:
        """Whether a document that is served is one that cannot be read any more."""
        broken = self.database.one(
            "broken_that_was_served", generation=generation.generation_id, live=live.generation_id
        )
        return broken is not None

    def base(self, generation: Generation) -> Generation | None:
        """Return the generation whose rows can be copied: the live one, or the newest whole one."""
        row = self.database.one(
            "base_generation", workspace=self.workspace, agent=generation.agent_id,
            generation=generation.generation_id,
        )  # fmt: skip
        return Generation.model_validate({**row, "run_id": str(row["run_id"])}) if row else None

    def fill_manifest(self, generation: Generation, rows_of: RowsOf) -> int | None:
        """Write the manifest once; returns how many rows were not copied, None when it stood."""
        base = self.base(generation)
        which = {"generation": generation.generation_id, "base": base and base.generation_id,
                 "workspace": self.workspace, "agent": generation.agent_id}  # fmt: skip
        with self.database.transaction() as connection:
            held = one(connection, "lock_generation", generation=generation.generation_id)
            if held and held["manifest_digest"] is not None:
                return None
            run(connection, "make_fresh_chunks")
            documents = rows(connection, "fresh_documents", **which)
            told = {**which, **whose_file_went(connection, which)}
            take_along(connection, (row["document_id"] for row in documents), which)
            fresh = sum(_copy_fresh(connection, some, told, rows_of)
                        for some in batches(documents, _DOCUMENTS))  # fmt: skip
            run(connection, "plan_for_many")
            run(connection, "fill_manifest", **which)
            run(connection, "seal_manifest", generation=generation.generation_id)
            return fresh

    def manifest(self, generation_id: int) -> dict[str, str]:
        """What the collection must hold: payload digest by chunk id."""
        found = self.database.rows("manifest", generation=generation_id)
        return {str(row["chunk_id"]): row["payload_sha256"] for row in found}

    def points(self, generation: Generation, space_id: str, chunks: Sequence[str]) -> list[Row]:
        """All that some points are made of."""
        return self.database.rows(
            "points", generation=generation.generation_id, space=space_id,
            chunks=[UUID(one) for one in chunks],
        )  # fmt: skip


def _copy_fresh(
    connection: Connection, documents: Sequence[Row], which: Mapping[str, Any], rows_of: RowsOf
) -> int:
    """Make the rows of some documents; their texts are in memory no longer than that."""
    chunks: dict[UUID, list[Row]] = {}
    paths: dict[UUID, list[str]] = {}
    for row in documents:
        paths.setdefault(row["document_id"], []).append(row["path"])
    wanted = list(paths)
    bury_fresh(connection, paths, which)
    for chunk in rows(connection, "chunks_of_documents", documents=wanted, **which):
        chunks.setdefault(chunk["document_id"], []).append(chunk)
    made = 0
    with connection.cursor().copy(statement("copy_fresh_chunks")) as copy:
        for document in documents:
            for row in rows_of(document, chunks.get(document["document_id"], [])):
                copy.write_row(row.columns())
                made += 1
    return made
