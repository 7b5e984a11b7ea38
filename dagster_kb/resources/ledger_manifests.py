"""Manifests, compared where they lie: no generation is ever a dictionary in this process."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from dagster_kb.resources.ledger_database import LedgerDatabase, Row
from kb_contract.generation import Generation

_ROWS: Final = 2000
Digests = Iterator[tuple[str, str]]
"""Chunk ids with the digest of the payload that the point must have."""


@dataclass(frozen=True)
class Difference:
    """How far a colour that holds one generation is from another."""

    stale: int
    gone: int
    held: int
    """Rows that the base still has; a manifest that was pruned is none to build upon."""


@dataclass(frozen=True)
class ManifestLedger:
    """Reads of kb.generation_chunks; what may be large is streamed."""

    database: LedgerDatabase

    def difference(self, generation: Generation, base: int) -> Difference:
        row = self.database.one("difference", generation=generation.generation_id, base=base)
        return Difference(**row) if row else Difference(0, 0, 0)

    @contextmanager
    def stale(self, generation: Generation, base: int | None) -> Generator[Iterator[str]]:
        """Chunks that must be written where `base` lies; all, where nothing lies."""
        which = {"generation": generation.generation_id, "base": base}
        with self.database.stream("stale_chunks", _ROWS, **which) as rows:
            yield (str(row["chunk_id"]) for row in rows)

    @contextmanager
    def gone(self, generation: Generation, base: int) -> Generator[Iterator[str]]:
        """Chunks that `base` has and the generation has not."""
        which = {"generation": generation.generation_id, "base": base}
        with self.database.stream("gone_chunks", _ROWS, **which) as rows:
            yield (str(row["chunk_id"]) for row in rows)

    @contextmanager
    def by_id(self, generation: Generation) -> Generator[Digests]:
        """Stream the whole manifest, in the order of ids."""
        which = {"generation": generation.generation_id}
        with self.database.stream("chunks_by_id", _ROWS, **which) as rows:
            yield (_pair(row) for row in rows)

    def of_ids(self, generation: Generation, chunk_ids: Sequence[str]) -> dict[str, str]:
        found = self.database.rows(
            "chunks_of_ids", generation=generation.generation_id,
            chunks=[UUID(one) for one in chunk_ids],
        )  # fmt: skip
        return dict(_pair(row) for row in found)

    def sample(self, generation: Generation, size: int) -> dict[str, str]:
        """Some of it, each time others."""
        found = self.database.rows(
            "chunks_near", generation=generation.generation_id, ids=[uuid4() for _ in range(size)]
        )
        return dict(_pair(row) for row in found)


def _pair(row: Row) -> tuple[str, str]:
    return str(row["chunk_id"]), row["payload_sha256"]
