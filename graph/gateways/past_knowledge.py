"""Reads what was served in the past: the same ids, words and scores as then."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

import structlog

from graph.caller import current_caller
from graph.gateways.asked_selection import asked_selection
from graph.gateways.asked_time import AsOf, asked_as_of, read_as_of
from graph.gateways.knowledge_reader import (
    REGISTRY_SECONDS,
    LiveAgent,
    PostgresQdrantReader,
    live_agent,
)
from graph.gateways.past_copies import PastCopies
from graph.planning.workflow_plan import AgentCapability
from graph.retrieval.rights import Rights
from graph.selection import EVERYTHING, Selection
from graph.state import Passage
from kb_contract.embedding_space import space_key
from kb_contract.errors import NotServed
from kb_contract.named_queries import named_queries

log = structlog.get_logger(__name__)
ATTEMPTS: Final = 3
_CURE: Final = "see `kb generations AGENT` for what was served when"


@dataclass
class PastReader(PostgresQdrantReader):
    """The reader, led to generations that are live no longer; rights are those of today."""

    served: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """The generation of each agent, as the ledger has it."""
    moment: datetime | None = None
    copies: PastCopies | None = None
    _collections: dict[str, str] = field(default_factory=dict[str, str], init=False)

    async def search(
        self, agent_id: str, question: str, *, limit: int | None = None,
        only: Selection = EVERYTHING,
    ) -> list[Passage]:  # fmt: skip
        if agent_id not in await self._live():
            raise _not_then(agent_id)
        for _ in range(ATTEMPTS):
            held = await self._hold(agent_id)
            found = await super().search(agent_id, question, limit=limit, only=only)
            # A writer may have begun to write that colour meanwhile.
            if held == await self._hold(agent_id):
                return found
        raise NotServed("what holds it changes faster than it can be read", where=agent_id,
                        cure="ask again in a minute")  # fmt: skip

    async def affinity(self, question: str, agent_ids: Sequence[str]) -> dict[str, float]:
        readable = await self._readable(agent_ids)
        near = await super().affinity(question, readable)
        return {one: near.get(one, 0.0) for one in agent_ids}

    async def chunk_text(self, agent_id: str, generation: int, chunk_id: str) -> Passage | None:
        served = self.served.get(agent_id)
        known = agent_id in await self._live()
        if served is None or not known or served["number"] != generation:
            return None
        return await super().chunk_text(agent_id, generation, chunk_id)

    async def catalogue(self, question: str) -> list[dict[str, Any]]:
        raise NotServed(
            "the catalogue tells of now only", where=question[:80], cure="ask it without as_of"
        )

    async def _readable(self, agent_ids: Sequence[str]) -> list[str]:
        """Leave out whose past cannot be read; whoever is asked by name says why."""
        found, why, live = list[str](), None, await self._live()
        for one in [one for one in agent_ids if one in live]:
            try:
                await self._hold(one)
            except NotServed as error:
                why = error
                log.info("the past of an agent cannot be read", agent=one, why=str(error))
            else:
                found.append(one)
        if why and not found:
            raise why
        return found

    async def _hold(self, agent_id: str) -> tuple[str, str | None]:
        """Find a collection that holds the generation for sure, else have a copy made."""
        served = self.served.get(agent_id)
        if served is None:
            raise _not_then(agent_id)
        _refuse_other_space(served)
        which = {"generation": served["generation_id"]}
        [row] = await self.pool.rows(named_queries("past")["where_it_lies"], which)
        if row["pruned_at"] is not None or not row["chunks"]:
            raise NotServed(
                f"of generation {served['number']} only its history is kept", where=agent_id,
                cure=f"read its files in git at {served['git_sha'][:12]}, or choose a newer one; "
                "`kb pin` keeps what is still whole",
            )  # fmt: skip
        if row["collection"] and row["stamp"]:
            self._collections[agent_id] = row["collection"]
            return row["collection"], row["stamp"]
        assert self.copies is not None  # noqa: S101 - whoever composes gives it
        copy = await self.copies.of({**served, "chunks": row["chunks"]})
        self._collections[agent_id] = copy
        return copy, None

    async def _live(self) -> dict[str, LiveAgent]:
        asks, groups = current_caller(), {*self.caller()}
        return {
            one: live_agent(row)
            for one, row in self.served.items()
            if asks.may_ask(one) and _is_for(groups, row["newest_manifest"])
        }

    async def _rows(self, name: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        if name not in ("live_passages", "passage_of_generation"):
            return await super()._rows(name, values)
        served = self.served[values["agent"]]
        ids = values.get("ids") or [values["chunk"]]
        asked = {
            **values,
            "generation_id": served["generation_id"],
            "ids": ids,
            "space": space_key(served["space"]),
        }
        rows = await self.pool.rows(named_queries("past")["past_passages"], asked)
        return rows if name == "live_passages" else [one for one in rows if one["may_read"]]

    def _rights(self) -> Rights:
        rights = Rights(self.caller(), self.moment or self.now())
        return rights.looking_at(asked_selection())

    def _alias(self, agent_id: str) -> str:
        return self._collections[agent_id]


@dataclass
class AnyTimeReader:
    """A `KnowledgeReader` that reads what is live, or the past that the caller of the run names."""

    live: PostgresQdrantReader
    copies: PastCopies
    _known: dict[str, tuple[float, PastReader]] = field(
        default_factory=dict[str, tuple[float, PastReader]], init=False
    )

    async def agents(self) -> list[AgentCapability]:
        return await (await self._reader()).agents()

    async def search(
        self, agent_id: str, question: str, *, limit: int | None = None,
        only: Selection = EVERYTHING,
    ) -> list[Passage]:  # fmt: skip
        return await (await self._reader()).search(agent_id, question, limit=limit, only=only)

    async def around(self, passages: Sequence[Passage]) -> list[Passage]:
        return await (await self._reader()).around(passages)

    async def affinity(self, question: str, agent_ids: Sequence[str]) -> dict[str, float]:
        return await (await self._reader()).affinity(question, agent_ids)

    async def chunk_text(self, agent_id: str, generation: int, chunk_id: str) -> Passage | None:
        return await (await self._reader()).chunk_text(agent_id, generation, chunk_id)

    async def catalogue(self, question: str) -> list[dict[str, Any]]:
        return await (await self._reader()).catalogue(question)

    def caller(self) -> tuple[str, ...]:
        """Tell which groups the caller belongs to."""
        return self.live.caller()

    async def _reader(self) -> PostgresQdrantReader:
        said = asked_as_of()
        if not said:
            return self.live
        now = self.live.clock()
        self._known = {
            one: known for one, known in self._known.items() if now - known[0] <= REGISTRY_SECONDS
        }
        if said not in self._known:
            self._known[said] = (now, await self._past(read_as_of(said, self.live.now())))
        return self._known[said][1]

    async def _past(self, as_of: AsOf) -> PastReader:
        await self.copies.collect()
        served, moment = await self._served(as_of)
        own = {one.name: getattr(self.live, one.name) for one in fields(self.live) if one.init}
        by_agent = {row["agent_id"]: row for row in served}
        return PastReader(**own, served=by_agent, moment=moment, copies=self.copies)

    async def _served(self, as_of: AsOf) -> tuple[list[dict[str, Any]], datetime]:
        if as_of.moment is not None:
            found, moment = await self._asked("served_at", moment=as_of.moment), as_of.moment
        elif as_of.kind == "generation":
            found = await self._asked("served_numbers", number=int(as_of.said))
            moment = max((row["since"] for row in found), default=self.live.now())
        else:
            of_commit = await self._asked("served_of_commit", sha=as_of.said)
            moment = max((row["since"] for row in of_commit), default=self.live.now())
            # Agents that the commit did not touch served what they had.
            others = await self._asked("served_at", moment=moment) if of_commit else []
            own = {row["agent_id"] for row in of_commit}
            found = [*of_commit, *(row for row in others if row["agent_id"] not in own)]
        if not found:
            raise NotServed(f"nothing was served as of {as_of.said}", where="as_of", cure=_CURE)
        return found, moment

    async def _asked(self, name: str, **values: Any) -> list[dict[str, Any]]:
        which = {"workspace": self.live.workspace, **values}
        return await self.live.pool.rows(named_queries("past")[name], which)


def _not_then(agent_id: str) -> NotServed:
    return NotServed(f"agent {agent_id!r} was not served then", where="as_of", cure=_CURE)


def _is_for(groups: Set[str], manifest: Mapping[str, Any]) -> bool:
    """Whether an agent is for these groups today, or was when it was served last."""
    audience = manifest.get("audience")
    return not audience or bool(groups & {*audience})


def _refuse_other_space(row: Mapping[str, Any]) -> None:
    """Questions are embedded with one model; vectors of another one would answer at random."""
    if row["live_space"] is not None and row["live_space"] != row["space"]:
        raise NotServed(
            f"generation {row['number']} was embedded with {row['space']['model']}, and questions are "
            f"with {row['live_space']['model']}", where=row["agent_id"],
            cure="start a reader with EMBEDDING_MODEL set to that model, or choose a newer generation",
        )  # fmt: skip
