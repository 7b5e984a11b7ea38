"""What documents name, kept once per document and extractor."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from dagster_kb.resources.ledger_database import LedgerDatabase, one, rows, run
from kb_contract.generation import Generation

Made = Literal["entities", "entity_links"]
Rows = Callable[[str], Iterator[Mapping[str, Any]]]
_FORGET: Mapping[Made, str] = {"entities": "forget_entities", "entity_links": "forget_entity_links"}
_KEEP: Mapping[Made, str] = {"entities": "keep_entity", "entity_links": "keep_entity_link"}


@dataclass(frozen=True)
class EntityLedger:
    """Documents are content-addressed, so what one names is found once, whoever has it."""

    database: LedgerDatabase

    def waiting(self, generation: Generation, made: Made, extractor: str) -> list[UUID]:
        """Documents of a generation that this extractor never looked through."""
        found = self.database.rows(
            "documents_to_look_through", generation=generation.generation_id, made=made,
            extractor=extractor,
        )  # fmt: skip
        return [row["document_id"] for row in found]

    def look_through(self, document: UUID, made: Made, extractor: str, of: Rows) -> int:
        """Write what a document's chunks give, all of it or nothing; returns how many rows."""
        kept = 0
        with self.database.transaction() as connection:
            if one(connection, "hold_document", document=document) is None:
                return 0
            run(connection, _FORGET[made], document=document)
            for chunk in rows(connection, "texts_to_look_through", document=document):
                for row in of(chunk["text"]):
                    run(
                        connection,
                        _KEEP[made],
                        document=document,
                        index=chunk["chunk_index"],
                        **row,
                    )
                    kept += 1
            run(connection, "say_looked_through", document=document, made=made, extractor=extractor)
        return kept
