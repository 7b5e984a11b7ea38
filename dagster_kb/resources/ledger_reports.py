"""What the ledger tells of runs: what they would cost, and what they did."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from dagster_kb.resources.ledger_database import LedgerDatabase, Row
from kb_contract.errors import BadInput

# A run of fewer texts is mostly the time that it takes to begin.
ENOUGH_TEXTS: Final = 100
# Texts per second, where no run was measured yet.
ASSUMED_PACE: Final = 25.0


@dataclass(frozen=True)
class ReportLedger:
    """Reads only."""

    database: LedgerDatabase
    workspace: str

    def known_chunks(self, documents: Sequence[UUID], space_id: str) -> Row:
        """Return chunks, tokens, texts, and how many of these were never embedded."""
        found = self.database.one("known_chunks", documents=list(documents), space=space_id)
        return found or {"chunks": 0, "tokens": 0, "texts": 0, "missing": 0}

    def pace(self, space_id: str) -> float | None:
        """Texts per second of past runs in this space; None where there was none to measure."""
        row = self.database.one(
            "measured_pace", workspace=self.workspace, space=space_id, enough=ENOUGH_TEXTS
        )
        return row["texts"] / row["seconds"] if row and row["seconds"] else None

    def named(self, generation_id: int, paths: Sequence[str]) -> list[dict[str, Any]]:
        """Return what became of these files: document, status, chunks."""
        found = self.database.rows("documents_named", generation=generation_id, paths=list(paths))
        return [{**row, "document_id": _text(row["document_id"])} for row in found]

    def run(self, name: str, limit: int) -> dict[str, Any]:
        """Report a pipeline run by its id, or by the id of a Dagster run that worked on it."""
        found = self.database.rows("runs_named", workspace=self.workspace, run=name.strip().lower())
        if not found or len(name.strip()) < 6:
            raise BadInput(
                f"there is no run {name!r}",
                cure="give six letters of an id at least, as `kb ingest` or Dagster shows it",
            )
        if len(found) > 1 and name.strip().lower() != _text(found[0]["run_id"]):
            raise BadInput(f"several runs begin with {name!r}", cure="give more of the id")
        run = {one: _text(value) if isinstance(value, UUID) else value
               for one, value in found[0].items()}  # fmt: skip
        return {"run": run, **self._of_generation(run, limit)}

    def _of_generation(self, run: Row, limit: int) -> dict[str, Any]:
        which = {"generation": run["generation_id"]}
        worked = self.database.rows("dagster_runs_of", **which)
        ids = [str(row["dagster_run_id"]) for row in (*worked, run) if row["dagster_run_id"]]
        totals = self.database.one("chunk_totals", run=run["run_id"])
        return {
            "dagster_runs": list(dict.fromkeys(ids)),
            "documents": self.database.rows("outcomes", **which, limit=limit),
            "chunk_runs": totals or {"done": 0, "error": 0, "pending": 0},
            "errors": self.database.rows("chunk_errors", **which, run=run["run_id"], limit=limit),
            "chunks": self.database.rows("sample_chunks", **which, limit=limit),
        }


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
