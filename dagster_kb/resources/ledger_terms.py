"""How often words stand in a generation, and what it calls by several names: readers ask by both."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg.types.json import Jsonb

from dagster_kb.entities.same_names import same_names
from dagster_kb.resources.ledger_database import LedgerDatabase
from kb_contract.embedding_space import searched_text
from kb_contract.generation import Generation
from kb_contract.own_words import NO_OWN_WORDS, OwnWords
from kb_contract.payload import EVERYONE
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
        if self.is_counted(generation):
            return
        found = self.database.one(
            "counted_base", workspace=self.workspace, agent=generation.agent_id
        )
        base = PackedCounts(found["chunks"], found["packed"]) if found else _NOTHING
        names = OwnWords.kept(found["names"]) if found else NO_OWN_WORDS
        which = {
            "generation": generation.generation_id,
            "base": found["generation_id"] if found else None,
        }
        with self.database.stream("words_changed", _ROWS, **which) as rows:
            said: list[tuple[int, list[tuple[str, str]]]] = []
            counted = base.all().changed(_words(rows, said))
        self.database.run(
            "keep_term_counts", generation=generation.generation_id, chunks=counted.chunks,
            packed=counted.pack(), names=Jsonb(names.changed(said).keep()),
        )  # fmt: skip

    def is_counted(self, generation: Generation) -> bool:
        return self.database.one("is_counted", generation=generation.generation_id) is not None

    def of(self, generation: Generation) -> PackedCounts:
        return self._kept(generation) or _NOTHING

    def _kept(self, generation: Generation) -> PackedCounts | None:
        row = self.database.one("term_counts", generation=generation.generation_id)
        return PackedCounts(row["chunks"], row["packed"]) if row else None


def _words(
    rows: Iterable[Mapping[str, Any]], said: list[tuple[int, list[tuple[str, str]]]]
) -> Iterator[tuple[int, Iterable[int]]]:
    """Give each change with its words, and keep the names in it: the rows come once."""
    for row in rows:
        step = 1 if row["came"] else -1
        # A name is told by what it finds, so only what everybody may read gives names.
        if EVERYONE in (row["front_matter"].get("audience") or [EVERYONE]) and (
            names := same_names(row["text"])
        ):
            said.append((step, names))
        yield step, document_weights(searched_text(row))
