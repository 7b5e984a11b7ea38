"""Chunks that a person deleted: out of every manifest, and their text out of the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from dagster_kb.resources.buried_words import BuriedWords, place_of, telling_of, telling_there
from dagster_kb.resources.burying import bury_said, purge
from dagster_kb.resources.ledger_database import Connection, LedgerDatabase, Row, one, rows, run
from dagster_kb.resources.ledger_fences import AgentFences
from kb_contract.identifiers import chunk_id

LISTED: Final = 500


@dataclass(frozen=True)
class Words:
    """The words of a chunk, by digests, and where they stand."""

    agent: str
    chunk: UUID
    text_sha256: str
    sentences: tuple[str, ...]
    lines: tuple[str, ...]
    telling: tuple[str, ...]
    place: str
    path: str
    git_sha: str

    @classmethod
    def of_chunk(cls, chunk: UUID, row: Row) -> "Words":
        """Of a text that is kept yet."""
        said = telling_of(row["text"], row["heading_path"])
        telling = telling_there(row["text"], row["heading_path"], row["beside"])
        return cls(
            row["agent_id"], chunk, row["text_sha256"], _sorted(said.sentences),
            _sorted(said.lines), _sorted(telling), place_of(row["path"], row["agent_id"]),
            row["path"], row["git_sha"],
        )  # fmt: skip

    @classmethod
    def of_tombstone(cls, chunk: UUID, row: Row) -> "Words":
        return cls(
            row["agent_id"], chunk, row["text_sha256"], tuple(row["sentences"]),
            tuple(row["lines"]), tuple(row["telling"]), row["place"], row["path"], row["git_sha"],
        )  # fmt: skip


@dataclass(frozen=True)
class Burial:
    """What deleting the words from the ledger did."""

    chunk_ids: tuple[str, ...]
    """Every chunk that ever said them, under any name of the agent."""
    generations: int
    purged: int
    vectors: int
    others: list[Row]
    """Chunks of other agents that say the same."""
    beside: list[Row]
    """Chunks that overlap a deleted place."""


@dataclass(frozen=True)
class TombstoneLedger:
    """Rows of kb.tombstones, and what they take away."""

    database: LedgerDatabase
    workspace: str
    fences: AgentFences

    def words_of(self, chunk: UUID) -> Words | None:
        """Find what a point says; None when nobody knows it."""
        which = {"workspace": self.workspace, "chunk": chunk}
        if row := self.database.one("agent_of_chunk", **which):
            return Words.of_chunk(chunk, row)
        for row in self.database.rows("kept_parts_of_chunk", **which):
            if self._is_of(row, chunk):
                return Words.of_chunk(chunk, row)
        row = self.database.one("tombstone_of_chunk", **which)
        return Words.of_tombstone(chunk, row) if row else None

    def _is_of(self, row: Row, chunk: UUID) -> bool:
        """Whether a chunk that no manifest has any more had that id."""
        place = (row["path"], row["heading_path"])
        return any(
            chunk_id(self.workspace, row["agent_id"], *place, ordinal, row["text_sha256"]) == chunk
            for ordinal in range(len(row["beside"]) + 1)
        )

    def bury(
        self, words: Words, names: Sequence[str], *, reason: str, by: str, incident: int
    ) -> Burial:
        """Keep the tombstone and take the words out of every manifest: one transaction.

        `names` are all that the agent's folder ever had, each of them locked. What is being built
        ends first: its transactions are waited for, so that no manifest is filled behind our back.
        """
        with self.database.transaction() as connection:
            for name in sorted(names):
                self.fences.check(connection, name)
                run(connection, "lock_staging", key=f"stage:{self.workspace}:{name}")
            told = {"reason": reason, "by": by, "incident": incident}
            cleared = [self._bury_in(connection, one, words, told) for one in names]
            tombstones = [one.tombstone for one in cleared]
            which = {"workspace": self.workspace, "agents": list(names), "tombstones": tombstones}
            for statement in ("forget_counts_of_agents", "settle_tombstones_of_ended"):
                run(connection, statement, workspace=self.workspace, agents=list(names))
            return Burial(
                chunk_ids=tuple(sorted({chunk for one in cleared for chunk in one.chunks})),
                generations=sum(one.generations for one in cleared),
                purged=sum(purge(connection, self.workspace, one) for one in names),
                vectors=run(connection, "forget_buried_vectors", tombstones=tombstones),
                others=rows(connection, "others_with_text", **which, text=words.text_sha256),
                beside=rows(connection, "chunks_beside", **which),
            )  # fmt: skip

    def _bury_in(
        self, connection: Connection, name: str, words: Words, told: Mapping[str, Any]
    ) -> "_Cleared":  # fmt: skip
        """Take the words out of all that was ever published under one of the names.

        Other deletions of the folder stay as they are: each was handed on when it was renamed.
        """
        who = {"workspace": self.workspace, "agent": name}
        why = f"paused: {told['reason']}"
        run(connection, "supersede_generations", **who, keep=None, reason=why)
        [mine] = rows(
            connection, "keep_tombstone", **who, **told, chunk=words.chunk, path=words.path,
            text=words.text_sha256, git_sha=words.git_sha, sentences=list(words.sentences),
            lines=list(words.lines), telling=list(words.telling), place=words.place,
        )  # fmt: skip
        texts = rows(connection, "texts_of_agent", **who)
        bury_said(connection, [BuriedWords.of(mine)], texts, name)
        run(connection, "doubt_colours", **who)
        return _clear(connection, words.chunk, **who, tombstone=mine["tombstone_id"])

    def quoted_by(self, names: Sequence[str], chunk_ids: Sequence[str]) -> list[Row]:
        """Answers that quoted deleted chunks, newest first."""
        return self.database.rows(
            "answers_that_quoted", agents=list(names), limit=LISTED,
            chunks=[UUID(one) for one in chunk_ids],
        )  # fmt: skip

    def open(self, agent: str) -> list[Row]:
        """Deletions that the source does not know of yet."""
        return self.database.rows("open_tombstones", workspace=self.workspace, agent=agent)

    def all_open(self) -> dict[str, str]:
        """Where words were deleted that the source still has, by agent."""
        found = self.database.rows("places_deleted_by_hand", workspace=self.workspace)
        return {str(row["agent_id"]): str(row["paths"]) for row in found}

    def told_in(self, tombstone_id: int, incident: int) -> None:
        """Tie a deletion to the incident that tells of it now."""
        self.database.run("tie_tombstone", tombstone=tombstone_id, incident=incident)

    def settled_by(self, generation_id: int) -> list[str]:
        """Paths whose deleted words were gone from the source of that generation."""
        found = self.database.rows("tombstones_settled_by", generation=generation_id)
        return [str(row["path"]) for row in found]

    def settle(self, agent: str, generation_id: int, by: str) -> tuple[list[Row], list[Row]]:
        """Compare with the source of what is live now: what is settled, and what came back."""
        which = {"workspace": self.workspace, "agent": agent, "generation": generation_id}
        with self.database.transaction() as connection:
            settled = rows(connection, "reconcile_tombstones", **which)
            back = rows(connection, "reopen_tombstones", **which)
            run(connection, "follow_tombstones", **which)
            if settled:
                run(
                    connection, "close_settled_incidents", workspace=self.workspace, agent=agent,
                    by=by,
                )  # fmt: skip
            return settled, back


def _sorted(digests: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(digests))


@dataclass(frozen=True)
class _Cleared:
    tombstone: int
    generations: int
    chunks: tuple[str, ...]


def _clear(connection: Connection, chunk: UUID, **which: Any) -> _Cleared:
    """Take buried chunks out of the agent's manifests, and seal these again."""
    there = rows(connection, "manifests_to_clear", **which)
    named = one(
        connection, "name_buried_chunks", tombstone=which["tombstone"],
        chunks=list({chunk, *(row["chunk_id"] for row in there)}),
    )  # fmt: skip
    run(connection, "clear_manifests", **which)
    touched = {row["generation_id"] for row in there}
    for generation in touched:
        run(connection, "seal_manifest", generation=generation)
    chunks = tuple(str(one) for one in (named or {}).get("chunk_ids", ()))
    return _Cleared(which["tombstone"], len(touched), chunks)
