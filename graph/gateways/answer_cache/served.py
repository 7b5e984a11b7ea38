"""What the ledger says of kept answers: what is served, what changed, and what stands in cited places."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cachetools import LRUCache

from graph.caching.changes import Change, Piece
from graph.caching.kept_answer import CitedSpan, KeptAnswer
from graph.gateways.postgres import LazyPool
from kb_contract.citation import Citation
from kb_contract.named_queries import named_queries

MOST_CHUNKS: Final = 600
"""Chunks that may differ between two generations; of more nobody can tell cheaply what they change."""
REMEMBERED: Final = 32
TURNS: Final = 4_096
"""Generations of which is remembered when a document next begins or ceases to hold."""
Asked = tuple[int | None, int, tuple[str, ...]]
"""From which generation to which one, for whom."""


@dataclass(frozen=True)
class Served:
    """What is live: by agent, its generation; and the numbers that people know them by."""

    generations: Mapping[str, int]
    numbers: Mapping[int, int]

    def for_answer(self, kept: KeptAnswer) -> Mapping[str, int]:
        """Of whom an answer depends: the agent that was named, else everybody who may be chosen."""
        return self.for_agent(kept.agent)

    def for_agent(self, agent: str | None) -> Mapping[str, int]:
        if agent is None:
            return self.generations
        return {one: number for one, number in self.generations.items() if one == agent}


@dataclass(frozen=True)
class Turn:
    """When a generation's documents next begin or cease to hold, seen from the moment of asking."""

    asked: datetime
    moment: datetime | None

    def is_next(self, now: datetime) -> bool:
        return self.asked <= now and (self.moment is None or now < self.moment)


@dataclass
class ServedKnowledge:
    """Reads the ledger as the role that can only select."""

    pool: LazyPool
    workspace: str
    _changes: OrderedDict[Asked, Change] = field(
        default_factory=OrderedDict[Asked, Change], init=False
    )
    _turns: LRUCache[int, Turn] = field(
        default_factory=lambda: LRUCache[int, Turn](TURNS), init=False, repr=False
    )

    async def now(self) -> Served:
        rows = await self._rows("served_now")
        return Served(
            {one["agent_id"]: one["generation_id"] for one in rows},
            {one["generation_id"]: one["number"] for one in rows},
        )

    async def next_turn(self, generations: Sequence[int], now: datetime) -> datetime | None:
        """Tell when a document next begins or ceases to hold; a generation is read once for each turn."""
        known = {one: turn for one in generations if (turn := self._turns.get(one))}
        missing = [one for one in generations if one not in known or not known[one].is_next(now)]
        if missing:
            rows = await self._rows("next_turn", generations=missing, now=now)
            found = {row["generation_id"]: row["moment"] for row in rows}
            read = {one: Turn(now, found.get(one)) for one in missing}
            self._turns.update(read)
            known |= read
        return min((turn.moment for turn in known.values() if turn.moment), default=None)

    async def cited(self, kept: KeptAnswer, moment: datetime) -> list[Citation] | None:
        """Return the citations as they stand now for the answer's caller; None when one does not."""
        spans = kept.citations
        rows = await self._rows(
            "cited_now",
            generations=[kept.agents[one["agent_id"]] for one in spans],
            chunks=[UUID(one["chunk_id"]) for one in spans],
            places=[one["place"] for one in spans],
            lengths=[len(one["quote"]) for one in spans],
            groups=list(kept.groups),
            moment=moment,
        )
        found = {row["ordinal"]: row for row in rows}
        if any(found.get(n, {}).get("said") != span["quote"] for n, span in enumerate(spans, 1)):
            return None
        return [_citation(span, found[n]) for n, span in enumerate(spans, 1)]

    async def change(
        self, agent_id: str, old: int | None, new: int, groups: tuple[str, ...]
    ) -> Change:
        """Return what an agent's knowledge became for these groups; looked at once, for however many answers."""
        place = (old, new, tuple(sorted(groups)))
        known = self._changes.get(place)
        if known is None:
            known = self._changes[place] = await self._change(agent_id, *place)
            while len(self._changes) > REMEMBERED:
                self._changes.popitem(last=False)
        return known

    async def _change(
        self, agent_id: str, old: int | None, new: int, groups: tuple[str, ...]
    ) -> Change:
        before = await self._settings(old)
        if old is not None and (before is None or before["pruned_at"] is not None):
            return Change(agent_id, new, whole=False)
        rows = await self._rows(
            "texts_between", old=old, new=new, groups=list(groups), limit=MOST_CHUNKS + 1
        )
        if len(rows) > MOST_CHUNKS:
            return Change(agent_id, new, whole=False)
        after = await self._settings(new)
        changed = (
            before is None or after is None or before["config_digest"] != after["config_digest"]
        )
        return Change(
            agent_id,
            new,
            gone=[_piece(row) for row in rows if row["gone"]],
            come=[_piece(row) for row in rows if not row["gone"]],
            settings_changed=changed,
        )

    async def _settings(self, generation: int | None) -> dict[str, Any] | None:
        rows = await self._rows("generation_settings", generation=generation)
        return rows[0] if rows else None

    async def _rows(self, name: str, **values: Any) -> list[dict[str, Any]]:
        statement = named_queries("caches")[name]
        return await self.pool.rows(statement, {"workspace": self.workspace, **values})


def _piece(row: Mapping[str, Any]) -> Piece:
    return Piece(row["chunk_id"], row["path"], row["text"], row["readable"])


def _citation(span: CitedSpan, row: Mapping[str, Any]) -> Citation:
    start = row["start_offset"] + span["place"]
    return {
        "quote": span["quote"],
        "path": row["path"],
        "sha": row["sha"],
        "start": start,
        "end": start + len(span["quote"]),
        "agent_id": span["agent_id"],
        "chunk_id": span["chunk_id"],
        "generation": row["generation"],
        "run_id": row["run_id"],
        "score": span["score"],
        "heading_path": list(row["heading_path"]),
        "page": row["page"],
        "title": row["title"] or span["title"],
        "uncommitted": row["uncommitted"],
    }
