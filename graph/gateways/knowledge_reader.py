"""What is live, read from Qdrant and the ledger: ids from the one, words from the other."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from qdrant_client import AsyncQdrantClient

from graph.caller import current_caller
from graph.gateways.asked_selection import asked_selection
from graph.gateways.catalogue_queries import CatalogueQueries
from graph.gateways.counted_words import CountedWords
from graph.gateways.found_rows import passage_of, placed
from graph.gateways.one_trip import TripsByLoop
from graph.gateways.passage_finding import LiveAgent, PassageFinding
from graph.gateways.postgres import LazyPool
from graph.gateways.reranking import Reranking
from graph.gateways.rewording import Rewording
from graph.gateways.surroundings import Surroundings
from graph.gateways.vector_search import VectorSearch
from graph.planning.workflow_plan import AgentCapability
from graph.ports import CallerGroups, EntityLinks, QueryEmbedder
from graph.retrieval.rights import Rights
from graph.selection import EVERYTHING, Selection
from graph.state import Passage
from kb_contract.agent_manifest import kept_manifest
from kb_contract.calibration import OwnQuestions
from kb_contract.embedding_space import nearness_key, space_key
from kb_contract.errors import NotServed
from kb_contract.identifiers import production_alias
from kb_contract.named_queries import named_queries
from kb_contract.payload import EVERYONE

REGISTRY_SECONDS = 2.0
# A swap moves the alias and then the ledger; between the two a reader looks again.
LOOKS = 3
BETWEEN_LOOKS = 0.1
LONGEST_INSTRUCTIONS = 4_000


def only_everyone() -> tuple[str, ...]:
    """Groups of a caller of whom nothing is known."""
    return (EVERYONE,)


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)  # noqa: TID251 - the clock that others take as a parameter


@dataclass
class PostgresQdrantReader:
    """The real `KnowledgeReader`. Reads the ledger as a role that can only select."""

    pool: LazyPool
    qdrant: AsyncQdrantClient
    embedder: QueryEmbedder
    workspace: str
    caller: CallerGroups = only_everyone
    now: Callable[[], datetime] = utc_now
    """When documents must hold: what is not yet effective, or expired, is not there."""
    clock: Callable[[], float] = time.monotonic
    reranking: Reranking | None = None
    links: EntityLinks | None = None
    rewording: Rewording | None = None
    asks_in: Callable[[], Awaitable[str]] | None = None
    """Names what questions are embedded with; None: whoever composes knows that it is the writer's."""
    _finding: PassageFinding = field(init=False)
    _registry: tuple[float, dict[str, LiveAgent]] | None = field(default=None, init=False)
    _registry_read: TripsByLoop[None, None] = field(init=False)

    def __post_init__(self) -> None:
        self._registry_read = TripsByLoop(self._read_registry)
        self._finding = PassageFinding(
            self._search(),
            self._rows,
            self.embedder,
            CountedWords(self._rows),
            self.reranking,
            self.links,
            self.rewording,
        )

    async def agents(self) -> list[AgentCapability]:
        return [one.capability for one in (await self._live()).values()]

    async def search(
        self,
        agent_id: str,
        question: str,
        *,
        limit: int | None = None,
        only: Selection = EVERYTHING,
    ) -> list[Passage]:
        agent = await self._agent(agent_id)
        if not await self._is_comparable(agent):
            raise NotServed(
                "its passages were embedded with another model than questions are here",
                where=agent_id,
                cure="start the readers with the writer's EMBEDDING_MODEL and EMBEDDING_DIMENSION",
            )
        asked = await self._finding.ask(agent, question)
        wanted = limit or agent.retrieval.limit
        rights = self._rights().looking_at(only)
        alias, passages = self._alias(agent_id), list[Passage]()
        for look in range(LOOKS):
            await asyncio.sleep(look * BETWEEN_LOOKS)
            found = await self._finding.find(alias, agent, asked, wanted, rights)
            passages = [placed(row, one, found.ranked_by, agent) for one, row in found.passages]
            if found.all_known:
                return passages
        if passages:
            # What the ledger does not list was not checked, so it is not served; the rest is.
            return passages
        raise NotServed(
            "what the alias points to is not what the ledger calls live",
            where=self._alias(agent_id),
            cure="ask again; if it stays so, run `kb ingest` for this agent",
        )

    async def around(self, passages: Sequence[Passage]) -> list[Passage]:
        live = await self._live()
        how = {one: agent.retrieval for one, agent in live.items()}
        return await Surroundings(self._rows, self._rights()).of(passages, how)

    async def affinity(self, question: str, agent_ids: Sequence[str]) -> dict[str, float]:
        mine = [one for one in agent_ids if current_caller().may_ask(one)]
        if not mine:
            return {}
        # Read as a search reads it: the agents that are chosen find it remembered.
        [read] = await self.embedder.read([question])
        live = await self._live()
        aliases = {one: self._alias(one) for one in mine
                   if one not in live or await self._is_comparable(live[one])}  # fmt: skip
        near = await self._search().nearest(aliases, read.vector, self._rights())
        return {**dict.fromkeys(mine, 0.0), **near}

    async def chunk_text(self, agent_id: str, generation: int, chunk_id: str) -> Passage | None:
        chunk = _uuid(chunk_id)
        if chunk is None or not current_caller().may_ask(agent_id):
            return None
        values = {
            "agent": agent_id,
            "generation": generation,
            "chunk": chunk,
            **self._rights().values(),
        }
        rows = await self._rows("passage_of_generation", values)
        return passage_of(rows[0], score=0.0) if rows else None

    async def catalogue(self, question: str) -> list[dict[str, Any]]:
        live = [one.capability for one in (await self._live()).values()]
        queries = CatalogueQueries(self.pool, self.workspace)
        return await queries.answer(question, live, self._rights())

    async def _is_comparable(self, agent: LiveAgent) -> bool:
        """Vectors of two spaces never meet: they would be near each other at random."""
        return self.asks_in is None or agent.near_by == await self.asks_in()

    async def _agent(self, agent_id: str) -> LiveAgent:
        live = await self._live()
        if agent_id in live:
            return live[agent_id]
        [row] = await self._rows("name_now", {"agent": agent_id})
        renamed = row["agent_id"] if row["agent_id"] in live else None
        called = f"; its folder is called {renamed!r} now" if renamed else ""
        raise NotServed(
            f"agent {agent_id!r} has no live generation{called}",
            where=f"live agents: {', '.join(sorted(live)) or 'none'}",
            cure=f"ask {renamed!r}" if renamed
            else f"commit knowledge/{agent_id} and run `kb ingest --agent {agent_id}`",
        )  # fmt: skip

    async def _live(self) -> dict[str, LiveAgent]:
        if not self._registry_is_fresh():
            await self._registry_read.ask(None)
        asks = current_caller()
        known = self._registry[1] if self._registry else {}
        return {name: one for name, one in known.items() if asks.may_ask(name)}

    async def _read_registry(self, asked: Sequence[None]) -> Sequence[None]:
        """Read it once for all who ask at once, also where they are more than one trip takes along."""
        if self._registry_is_fresh():
            return asked
        now = self.clock()
        rows = await self._rows("live_agents", {})
        self._registry = (now, {row["agent_id"]: live_agent(row) for row in rows})
        return asked

    def _registry_is_fresh(self) -> bool:
        read = self._registry
        return read is not None and self.clock() - read[0] <= REGISTRY_SECONDS

    async def _rows(self, name: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        statement = named_queries("reader")[name]
        return await self.pool.rows(statement, {"workspace": self.workspace, **values})

    def _rights(self) -> Rights:
        return Rights(self.caller(), self.now()).looking_at(asked_selection())

    def _search(self) -> VectorSearch:
        return VectorSearch(self.qdrant)

    def _alias(self, agent_id: str) -> str:
        return production_alias(self.workspace, agent_id)


def live_agent(row: Mapping[str, Any]) -> LiveAgent:
    """Read what a live generation's manifest says of its agent."""
    manifest = kept_manifest(row["agent_id"], row["manifest"])
    capability = AgentCapability(
        agent_id=manifest.agent_id,
        title=manifest.title or manifest.agent_id,
        purpose=manifest.purpose,
        kind=manifest.kind,
        capabilities=manifest.capabilities,
        tags=manifest.tags,
        model_tier=manifest.model_tier,
        approval=manifest.approval,
        instructions=row["instructions"][:LONGEST_INSTRUCTIONS],
        tool_patterns=manifest.tools,
        audience=manifest.audience,
        seconds=manifest.seconds,
        cost=manifest.cost,
        generation=row["number"],
        git_sha=row["git_sha"],
        documents=row["documents"],
        chunks=row["chunks"],
    )
    own = row["own_questions"]
    quoted_from = manifest.retrieval.quoted_from(OwnQuestions.model_validate(own) if own else None)
    return LiveAgent(
        capability,
        manifest.retrieval,
        space_key(row["space"]),
        nearness_key(row["space"]),
        quoted_from,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
