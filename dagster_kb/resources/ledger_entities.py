"""What documents name, kept once per document and extractor."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from dagster_kb.resources.ledger_database import LedgerDatabase, one, rows, run
from kb_contract.generation import Generation

Made = Literal["entities", "entity_links"]
Rows = Callable[[str, Mapping[str, Any] | None], Iterator[Mapping[str, Any]]]
"""What a text gives, with what was read out of it."""
_FORGET: Mapping[Made, str] = {"entities": "forget_entities", "entity_links": "forget_entity_links"}
_KEEP: Mapping[Made, str] = {"entities": "keep_entity", "entity_links": "keep_entity_link"}


@dataclass(frozen=True)
class ExtractedBy:
    """Patterns, and what a model reads out beside them."""

    patterns: str
    prompt_sha256: str = ""
    asked_model: str = ""

    @property
    def key(self) -> dict[str, str]:
        return {"prompt_sha256": self.prompt_sha256, "asked_model": self.asked_model}

    @property
    def whole(self) -> str:
        """Name both; without a model the patterns alone."""
        if not self.asked_model:
            return self.patterns
        return f"{self.patterns}+{self.prompt_sha256[:12]}:{self.asked_model}"


@dataclass(frozen=True)
class EntityLedger:
    """Documents are content-addressed, so what one names is found once, whoever has it."""

    database: LedgerDatabase

    def waiting(self, generation: Generation, made: Made, extractor: str) -> list[UUID]:
        """Documents of a generation that neither this extractor nor one with more looked through."""
        found = self.database.rows(
            "documents_to_look_through", generation=generation.generation_id, made=made,
            extractor=extractor,
        )  # fmt: skip
        return [row["document_id"] for row in found]

    def look_through(
        self, document: UUID, made: Made, of: Rows, by: "ExtractedBy"
    ) -> int:  # fmt: skip
        """Write what a document's chunks give, all of it or nothing; returns how many rows."""
        kept, is_read = 0, True
        with self.database.transaction() as connection:
            if one(connection, "hold_document", document=document) is None:
                return 0
            run(connection, _FORGET[made], document=document)
            for chunk in rows(
                connection, "texts_to_look_through", document=document, **by.key
            ):  # fmt: skip
                is_read = is_read and bool(chunk["is_read"])
                for row in of(chunk["text"], chunk["parsed"]):
                    run(
                        connection,
                        _KEEP[made],
                        document=document,
                        index=chunk["chunk_index"],
                        **row,
                    )
                    kept += 1
            # What is not read out yet is looked through again when it is.
            run(connection, "say_looked_through", document=document, made=made,
                extractor=by.whole if is_read else by.patterns)  # fmt: skip
        return kept
