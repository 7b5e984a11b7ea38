"""What was found of texts, by the digest of the text: the same words are never looked at again."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dagster_kb.gates.evidence import Family, Passage
from dagster_kb.gates.scanning import SCAN_VERSION
from dagster_kb.resources.ledger_database import LedgerDatabase
from dagster_kb.resources.ledger_passages import passage_of
from kb_contract.generation import Generation

_AT_ONCE: Final = 500


@dataclass(frozen=True)
class ScanLedger:
    """Rows of kb.scans, for the patterns of today."""

    database: LedgerDatabase

    def unscanned(
        self, generation: Generation, base: Generation | None
    ) -> Iterator[tuple[str, str]]:
        """Stream digest and text of what is new here and was never looked through."""
        values = _which(generation, base, version=SCAN_VERSION)
        with self.database.stream("unscanned_texts", _AT_ONCE, **values) as rows:
            yield from ((row["text_sha256"], row["text"]) for row in rows)

    def unknown(self, digests: Collection[str]) -> list[str]:
        """Return those of some texts that were never looked through."""
        found = self.database.rows("unknown_scans", version=SCAN_VERSION, digests=list(digests))
        return [row["digest"] for row in found]

    def keep(self, found: Mapping[str, Sequence[Family]]) -> None:
        """Say of texts which families found something."""
        self.database.run(
            "keep_scans", version=SCAN_VERSION, digests=list(found),
            families=[",".join(one) for one in found.values()],
        )  # fmt: skip

    def new(self, generation: Generation, base: Generation | None) -> int:
        """How many passages the base does not have."""
        row = self.database.one("fresh_count", **_which(generation, base))
        return row["passages"] if row else 0

    def suspects(
        self, generation: Generation, base: Generation | None, family: Family
    ) -> Iterator[Passage]:
        """Stream those in which a family found something."""
        values = _which(generation, base, version=SCAN_VERSION, family=family)
        with self.database.stream("suspect_passages", _AT_ONCE, **values) as rows:
            yield from map(passage_of, rows)


def _which(generation: Generation, base: Generation | None, **more: Any) -> dict[str, Any]:
    return {"generation": generation.generation_id, "base": base and base.generation_id, **more}
