"""The words of a generation, as the gates look at them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg.types.json import Jsonb

from dagster_kb.gates.evidence import Passage, Twin, Twins
from dagster_kb.gates.verdicts import NAMED, Verdict
from dagster_kb.resources.ledger_database import LedgerDatabase, Row, statement
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
        values = {"generation": generation.generation_id, "base": base and base.generation_id}
        with (
            self.database.transaction() as connection,
            connection.cursor(name="fresh_passages") as cursor,
        ):
            cursor.itersize = _AT_ONCE
            cursor.execute(statement("fresh_passages"), values)
            for row in cursor:
                yield _passage(row)

    def of_paths(self, generation: Generation, paths: Sequence[str]) -> list[Passage]:
        found = self.database.rows(
            "passages_of_paths", generation=generation.generation_id, paths=list(paths)
        )
        return [_passage(row) for row in found]

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


def _passage(row: dict[str, Any]) -> Passage:
    return Passage(
        chunk_id=str(row["chunk_id"]),
        path=row["path"],
        heading_path=row["heading_path"],
        start=row["start_offset"],
        end=row["end_offset"],
        text=row["text"],
        title=row["title"],
        audience=tuple(row["audience"] or (EVERYONE,)),
    )
