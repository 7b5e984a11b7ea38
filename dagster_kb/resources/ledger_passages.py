"""The words of a generation, as the gates look at them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from psycopg.types.json import Jsonb

from dagster_kb.gates.evidence import Passage, Twin, Twins
from dagster_kb.gates.verdicts import NAMED, Verdict
from dagster_kb.resources.ledger_database import LedgerDatabase, Row
from kb_contract.generation import Generation
from kb_contract.payload import EVERYONE

# What is live besides the changed documents is looked at with a few.
OTHERS: Final = 10
_AT_ONCE: Final = 500
_SHORTEST_TWIN: Final = 60


@dataclass(frozen=True)
class PassageLedger:
    """Reads kb.generation_chunks with their texts."""

    database: LedgerDatabase

    def fresh(self, generation: Generation, base: Generation | None) -> Iterator[Passage]:
        """Stream the passages that the base does not have, so that memory stays flat."""
        yield from map(passage_of, self._streamed("fresh_passages", generation, base))

    def fresh_heads(self, generation: Generation, base: Generation | None) -> Iterator[Passage]:
        """Stream what documents say of themselves, where the base does not have the document."""
        yield from map(_head, self._streamed("fresh_heads", generation, base))

    def _streamed(
        self, name: str, generation: Generation, base: Generation | None
    ) -> Iterator[Row]:
        values = {"generation": generation.generation_id, "base": base and base.generation_id}
        with self.database.stream(name, _AT_ONCE, **values) as rows:
            yield from rows

    def of_paths(self, generation: Generation, paths: Sequence[str]) -> list[Passage]:
        found = self.database.rows(
            "passages_of_paths", generation=generation.generation_id, paths=list(paths)
        )
        return [passage_of(row) for row in found]

    def by_lot(self, generation: Generation, most: int) -> list[Passage]:
        found = self.database.rows(
            "passages_by_lot", generation=generation.generation_id, most=most
        )
        return [passage_of(row) for row in found]

    def to_weigh(
        self, generation: Generation, space_id: str, chunks: Sequence[str]
    ) -> dict[str, Row]:
        """Read what orders passages that were found, by id."""
        found = self.database.rows(
            "passages_to_weigh", generation=generation.generation_id, space=space_id,
            chunks=[UUID(one) for one in chunks],
        )  # fmt: skip
        return {str(row["chunk_id"]): row for row in found}

    def to_quote(self, generation: Generation, base: Generation | None, sample: int) -> list[Row]:
        """Documents whose quotes are looked at; another generation takes another sample."""
        return self.database.rows(
            "documents_to_quote", generation=generation.generation_id,
            base=base and base.generation_id, seed=generation.tree_sha, sample=sample,
            others=OTHERS,
        )  # fmt: skip

    def twins(self, generation: Generation) -> Twins:
        found = self.database.rows(
            "twins", generation=generation.generation_id, shortest=_SHORTEST_TWIN, limit=NAMED
        )
        copies = int(found[0]["all_copies"]) if found else 0
        return Twins(copies, [Twin(row["text"], row["paths"]) for row in found])

    def keep_live_canary(self, generation: Generation, verdict: Verdict) -> None:
        """Say what the live canary found."""
        self.database.run(
            "keep_live_canary", generation=generation.generation_id,
            verdict=Jsonb(verdict.as_json()), passed=verdict.passed,
            reason=verdict.description,
        )  # fmt: skip


def passage_of(row: Row) -> Passage:
    """Make a passage of the ledger's row of chunk and document."""
    return Passage(
        chunk_id=str(row["chunk_id"]),
        path=row["path"],
        heading_path=row["heading_path"],
        start=row["start_offset"],
        end=row["end_offset"],
        text=row["text"],
        title=row["title"],
        audience=tuple(row["audience"] or (EVERYONE,)),
        effective=row["effective"],
        expires=row["expires"],
    )


def _head(row: Row) -> Passage:
    said: dict[str, Any] = {"title": row["title"], **(row["front_matter"] or {})}
    text = "\n".join(_lines(said))
    return Passage(
        chunk_id="", path=row["path"], heading_path=("front matter",), start=0, end=len(text),
        text=text, title=row["title"],
    )  # fmt: skip


def _lines(said: Any, key: str = "") -> Iterator[str]:
    """Lines as a person would write them, whatever is nested in what."""
    if isinstance(said, dict):
        for name, value in cast("dict[str, Any]", said).items():
            yield from _lines(value, name if name != "extra" else "")
    elif isinstance(said, list):
        for value in cast("list[Any]", said):
            yield from _lines(value, key)
    elif said is not None:
        yield f"{key}: {said}" if key else str(said)
