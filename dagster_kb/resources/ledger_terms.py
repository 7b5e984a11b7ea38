"""How often words stand in a generation: readers weigh the words of a question by it."""

from dataclasses import dataclass
from typing import Final

from dagster_kb.resources.ledger_database import LedgerDatabase
from kb_contract.embedding_space import searched_text
from kb_contract.generation import Generation
from kb_contract.sparse_words import document_weights
from kb_contract.term_counts import PackedCounts

_ROWS: Final = 2000
_NOTHING: Final = PackedCounts(0, b"")


@dataclass(frozen=True)
class TermLedger:
    """Rows of kb.term_counts."""

    database: LedgerDatabase
    workspace: str

    def count(self, generation: Generation) -> None:
        """Count a generation, by what it has more and less than the last one that was counted."""
        if self._kept(generation):
            return
        found = self.database.one(
            "counted_base", workspace=self.workspace, agent=generation.agent_id
        )
        base = PackedCounts(found["chunks"], found["packed"]) if found else _NOTHING
        which = {
            "generation": generation.generation_id,
            "base": found["generation_id"] if found else None,
        }
        with self.database.stream("words_changed", _ROWS, **which) as rows:
            counted = base.all().changed(
                (1 if row["came"] else -1, document_weights(searched_text(row))) for row in rows
            )
        self.database.run(
            "keep_term_counts", generation=generation.generation_id, chunks=counted.chunks,
            packed=counted.pack(),
        )  # fmt: skip

    def of(self, generation: Generation) -> PackedCounts:
        return self._kept(generation) or _NOTHING

    def _kept(self, generation: Generation) -> PackedCounts | None:
        row = self.database.one("term_counts", generation=generation.generation_id)
        return PackedCounts(row["chunks"], row["packed"]) if row else None
