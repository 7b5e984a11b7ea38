"""What of the ledger nobody can go back to, and its end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from dagster_kb.gates.scanning import SCAN_VERSION
from dagster_kb.resources.ledger_database import LedgerDatabase, Row, one, rows, run

# Small, so that whoever stages meanwhile waits for moments only.
DOCUMENTS_AT_ONCE: Final = 200
EMBEDDINGS_AT_ONCE: Final = 2000
RUNS_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Keep:
    """What is kept of each agent: the last so many, and all that are young."""

    generations: int
    days: int
    grace_hours: int = 24
    """Documents and vectors that are younger wait, whoever made them."""


@dataclass(frozen=True)
class RetentionLedger:
    """Deletes rows; every statement may be stopped anywhere and run again."""

    database: LedgerDatabase
    workspace: str

    def prunable(self, keep: Keep) -> list[Row]:
        """Generations that nobody can go back to."""
        return self.database.rows(
            "prunable_generations", workspace=self.workspace, generations=keep.generations,
            days=keep.days,
        )  # fmt: skip

    def prune(self, generation_id: int) -> bool:
        """Take what a generation was made of; False when somebody needs it after all."""
        which = {"generation": generation_id}
        with self.database.transaction() as connection:
            if one(connection, "lock_prunable", **which) is None:
                return False
            if one(connection, "held_by_a_pin", **which) is not None:
                return False
            for name in ("chunks", "documents", "chunk_runs", "dagster_runs"):
                run(connection, f"prune_{name}", **which)
            run(connection, "forget_counts", **which)
            run(connection, "say_pruned", **which)
            return True

    def to_go(self, going: Sequence[int], keep: Keep) -> Row:
        """Count what would go with these generations, and its bytes."""
        found = self.database.one(
            "bytes_to_go", workspace=self.workspace, going=list(going), hours=keep.grace_hours,
            days=keep.days,
        )  # fmt: skip
        return found or {}

    def being_built(self) -> list[Row]:
        """Generations that a run may be making of what is there."""
        return self.database.rows("unfinished_anywhere")

    def delete_documents(self, keep: Keep) -> int | None:
        """Delete some documents that nothing refers to; None while a run may want them."""
        return self._delete("delete_documents", keep, DOCUMENTS_AT_ONCE, workspace=self.workspace)

    def delete_embeddings(self, keep: Keep) -> int | None:
        """Delete some vectors of texts that are gone; None while a run may want them."""
        return self._delete("delete_embeddings", keep, EMBEDDINGS_AT_ONCE)

    def delete_runs(self, keep: Keep) -> int:
        """Delete some old runs that made nothing."""
        with self.database.transaction() as connection:
            return run(
                connection, "delete_runs", workspace=self.workspace, days=keep.days,
                limit=RUNS_AT_ONCE,
            )  # fmt: skip

    def delete_scans(self) -> int:
        """Delete some verdicts on texts that are gone."""
        with self.database.transaction() as connection:
            return run(connection, "delete_scans", version=SCAN_VERSION, limit=EMBEDDINGS_AT_ONCE)

    def drop_copies(self, drop: Callable[[str], None]) -> list[str]:
        """Drop copies of the past that no reader used for a day; a reader who comes waits."""
        gone: list[str] = []
        for row in self.database.rows("idle_copies", workspace=self.workspace):
            with self.database.transaction() as connection:
                rows(connection, "hold_copy", collection=row["collection"])
                if one(connection, "forget_copy", collection=row["collection"]):
                    drop(row["collection"])
                    gone.append(row["collection"])
        return gone

    def forgotten_trees(self) -> list[str]:
        """Trees of uncommitted work that no kept generation quotes."""
        found = self.database.rows("uncommitted_trees")
        return [str(row["git_sha"]) for row in found if not row["kept"]]

    def _delete(self, name: str, keep: Keep, limit: int, **values: str) -> int | None:
        with self.database.transaction() as connection:
            run(connection, "hold_staging")
            if rows(connection, "unfinished_anywhere"):
                return None
            return run(connection, name, hours=keep.grace_hours, limit=limit, **values)
