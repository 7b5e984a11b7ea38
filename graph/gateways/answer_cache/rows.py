"""Kept answers as rows of Postgres: what every process shares."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, cast

from psycopg.types.json import Jsonb

from graph.caching.kept_answer import CitedSpan, Costs, KeptAnswer
from graph.caching.lineage import Stale
from graph.gateways.postgres import LazyPool
from kb_contract.named_queries import named_queries

Row = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where an answer is looked for: who asks whom under which rules, and in which words."""

    scope: str
    words: str


@dataclass(frozen=True)
class KeptRows:
    """Reads and writes `ops.cached_answers`."""

    pool: LazyPool
    workspace: str

    async def exact(self, place: Place, now: datetime) -> KeptAnswer | None:
        rows = await self._run("exact_answer", scope=place.scope, words=place.words, now=now)
        return kept_answer(rows[0]) if rows else None

    async def some(self, scope: str, entries: Sequence[str], now: datetime) -> list[KeptAnswer]:
        rows = await self._run("answers_of", scope=scope, entries=list(entries), now=now)
        return [kept_answer(one) for one in rows]

    async def to_look_at(
        self, served: Mapping[str, int], now: datetime, *, after: str, limit: int
    ) -> list[KeptAnswer]:
        """Return answers that hold for another generation than what is served, in order of id."""
        known = Jsonb(dict(served))
        rows = await self._run(
            "answers_to_look_at", served=known, now=now, after=after, limit=limit
        )
        return [kept_answer(one) for one in rows]

    async def keep(self, place: Place, kept: KeptAnswer) -> str | None:
        """Keep an answer; returns the id of the one whose place it takes."""
        values = {
            **{
                name: getattr(kept, name)
                for name in ("entry_id", "question", "agent", "query_type")
            },
            "groups": list(kept.groups),
            "agents": Jsonb(dict(kept.agents)),
            "asked": Jsonb(list(kept.asked)),
            "body": Jsonb(dict(kept.body)),
            "citations": Jsonb(list(kept.citations)),
            "cost": kept.costs.dollars,
            "seconds": kept.costs.seconds,
            "size": kept.size,
            "expires_at": kept.expires_at,
        }
        [row] = await self._run("keep_cached_answer", **asdict(place), **values)
        return row["replaced"]

    async def carry(self, kept: KeptAnswer, turn: datetime | None) -> KeptAnswer:
        """Write down that an answer holds for what is served now, until its next turn at most."""
        citations, agents = Jsonb(list(kept.citations)), Jsonb(dict(kept.agents))
        rows = await self._run(
            "carry_cached_answer",
            entry_id=kept.entry_id,
            citations=citations,
            agents=agents,
            turn=turn,
        )
        return replace(kept, expires_at=rows[0]["expires_at"]) if rows else kept

    async def used(self, kept: KeptAnswer) -> bool:
        """Count a use; False where it was forgotten meanwhile."""
        return bool(await self._run("used_cached_answer", entry_id=kept.entry_id))

    async def forget(self, entries: Sequence[str]) -> None:
        await self._run("forget_cached_answers", entries=list(entries))

    async def forget_stale(self, kept: KeptAnswer, stale: Stale, number: int | None) -> None:
        """Forget it, flag it wherever it was given, and tell: all of it or nothing."""
        about = {
            "workspace": self.workspace,
            "answer_id": kept.entry_id,
            "answers": [kept.entry_id],
            "entries": [kept.entry_id],
            "question": kept.question,
            "agent": stale.agent_id,
            "generation": number,
            "event": "stale",
            "why": stale.why,
        }
        async with self.pool.connection() as connection, connection.transaction():
            gone = await connection.execute(_sql("forget_cached_answers"), about)
            if not await gone.fetchall():
                return  # another process was first
            for name in ("mark_stale", "keep_cache_event", "tell_stale"):
                await connection.execute(_sql(name), about)

    async def without_ground(self) -> list[KeptAnswer]:
        """Return answers of which a quote was taken out of what is served."""
        return [kept_answer(one) for one in await self._run("answers_without_ground")]

    async def evict(self, now: datetime, *, most: int, most_bytes: int) -> list[str]:
        """Drop what expired, and what was not used for longest; return whose questions are to go."""
        rows = await self._run("evict_cached_answers", now=now, most=most, bytes=most_bytes)
        return [one["entry_id"] for one in rows]

    async def size(self) -> Row:
        return (await self._run("size_of_cached_answers"))[0]

    async def _run(self, name: str, **values: Any) -> list[Row]:
        statement = named_queries("caches")[name]
        return await self.pool.run(statement, {"workspace": self.workspace, **values})


def _sql(name: str) -> bytes:
    return named_queries("caches")[name].encode()


def kept_answer(row: Mapping[str, Any]) -> KeptAnswer:
    """Read a row."""
    return KeptAnswer(
        entry_id=row["entry_id"],
        question=row["question"],
        groups=tuple(row["groups"]),
        agent=row["agent"],
        query_type=row["query_type"],
        agents=row["agents"],
        asked=[(agent, question) for agent, question in row["asked"]],
        body=row["body"],
        citations=cast("list[CitedSpan]", row["citations"]),
        costs=Costs(float(row["cost"]), row["seconds"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        hits=row["hits"],
    )
