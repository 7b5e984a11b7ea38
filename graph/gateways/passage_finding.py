"""From a question to an agent's passages: what Qdrant finds, what the ledger knows of it, one order."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from graph.gateways.counted_words import Counted, CountedWords
from graph.gateways.reranking import BLEND, Reranking
from graph.gateways.rewording import Rewording
from graph.gateways.vector_search import VectorSearch
from graph.planning.workflow_plan import AgentCapability
from graph.ports import EntityLinks, QueryEmbedder
from graph.retrieval.next_hop import aim_at, closing, open_words
from graph.retrieval.rights import Rights
from kb_contract.agent_manifest import RetrievalSettings
from kb_contract.asked_question import Question, aims, aims_of_wordings
from kb_contract.embedding_space import searched_text
from kb_contract.ranking import Candidate, Ranked, ranked, relevance, shortlist, with_row
from kb_contract.sentence_models.vectors import ReadText
from kb_contract.sparse_words import question_weights

Row = dict[str, Any]
Rows = Callable[[str, Mapping[str, Any]], Awaitable[list[Row]]]


@dataclass(frozen=True)
class LiveAgent:
    """An agent as the planner sees it, and how it wants to be searched."""

    capability: AgentCapability
    retrieval: RetrievalSettings
    space: str
    """Key of its embeddings."""
    near_by: str
    """Key of what questions must be embedded with to be near them."""
    quoted_from: float
    """How sure one must be to quote its passages where no model reads them."""


@dataclass(frozen=True)
class Asked:
    """A question, as the collection is asked it and as its passages are weighed."""

    read: ReadText
    question: Question
    wordings: Sequence[ReadText] = ()


@dataclass(frozen=True)
class Found:
    """Rows of the ledger with their places, best first."""

    passages: Sequence[tuple[Ranked, Row]]
    all_known: bool
    """Whether the live generation knows all that the collection gave."""
    ranked_by: str = BLEND


@dataclass(frozen=True)
class _Place:
    alias: str
    agent: LiveAgent
    rights: Rights


@dataclass(frozen=True)
class PassageFinding:
    """Asks the collection once and the ledger once; once more for each hop."""

    search: VectorSearch
    rows: Rows
    embedder: QueryEmbedder
    counted: CountedWords
    reranking: Reranking | None = None
    links: EntityLinks | None = None
    """Where the next hop leads; without them there is none."""
    rewording: Rewording | None = None
    """Says a question in other words; without it only documents do."""

    async def ask(self, agent: LiveAgent, question: str) -> Asked:
        generation = agent.capability.generation or 0
        how = agent.retrieval.expansion
        counted, by_model = await asyncio.gather(
            self.counted.of(agent.capability.agent_id, generation, agent.capability.chunks),
            self.rewording.wordings(question) if self.rewording and how == "model" else _none(),
        )
        by_names = counted.names.wordings(question) if how != "off" else []
        read, *others = await self.embedder.read([question, *by_names, *by_model])
        asked = [_weighed(one, counted) for one in (read, *others)]
        # A model's words may lead to passages; that they answer, it cannot say.
        wordings = [replace(one, decides=number < len(by_names))
                    for number, one in enumerate(asked[1:])]  # fmt: skip
        return Asked(read, replace(asked[0], wordings=tuple(wordings)), others)

    async def find(
        self, alias: str, agent: LiveAgent, asked: Asked, limit: int, rights: Rights
    ) -> Found:
        """Return passages in order; none when not even the best is relevant enough."""
        how, place = agent.retrieval, _Place(alias, agent, rights)
        size = max(how.candidates, limit)
        only = rights.permitted(agent.capability.agent_id)
        found = await self.search.candidates(
            alias, only, aims(asked.read, asked.question, size),
            aims_of_wordings(asked.wordings, how.candidates),
        )  # fmt: skip
        short = shortlist(asked.question, found, how.blend, size)
        meant, rows = await self._readable(place, short)
        order = ranked(asked.question, meant, how.blend, threshold=how.found_from)
        order, ranked_by = await self._reranked(asked.read.text, order, rows)
        passages = [(one, rows[one.chunk_id]) for one in order[:limit]]
        for _ in range(how.hops if self.links and passages else 0):
            further = await self._next_hop(place, asked, passages)
            if not further:
                break
            passages = [*passages[: max(1, limit - len(further))], *further]
        return Found(passages, len(rows) == len(short), ranked_by)

    async def _next_hop(
        self, place: "_Place", asked: Asked, passages: Sequence[tuple[Ranked, Row]]
    ) -> list[tuple[Ranked, Row]]:
        """Look among what names the same as the passages for what these leave open."""
        agent_id = place.agent.capability.agent_id
        left = open_words(asked.question, [searched_text(row) for _, row in passages])
        if not left or self.links is None:
            return []
        linked = await self.links.linked(agent_id, [one.chunk_id for one, _ in passages])
        if not linked:
            return []
        only = place.rights.permitted(agent_id, [one.chunk_id for one in linked])
        aim = aim_at(asked.read, left, len(linked))
        meant, rows = await self._readable(
            place, await self.search.candidates(place.alias, only, [aim])
        )
        chosen = closing(asked.question, left, meant)
        fit = relevance(asked.question, chosen, place.agent.retrieval.blend) if chosen else ()
        return [
            (Ranked(one.chunk_id, one.cosine, float(much)), rows[one.chunk_id])
            for one, much in zip(chosen, fit, strict=True)
        ]

    async def _readable(
        self, place: "_Place", found: Sequence[Candidate]
    ) -> tuple[list[Candidate], dict[str, Row]]:
        """Add the ledger's words; what Qdrant let through by mistake is known, and not for this caller."""
        rows = await self._rows_of(place.agent, found, place.rights)
        return [
            with_row(one, rows[one.chunk_id])
            for one in found
            if one.chunk_id in rows and rows[one.chunk_id]["may_read"]
        ], rows

    async def _reranked(
        self, question: str, order: list[Ranked], rows: Mapping[str, Row]
    ) -> tuple[list[Ranked], str]:
        if self.reranking is None or not order:
            return order, BLEND
        return await self.reranking.order(question, order, lambda one: rows[one.chunk_id]["text"])

    async def _rows_of(
        self, agent: LiveAgent, found: Sequence[Candidate], rights: Rights
    ) -> dict[str, Row]:
        """Read the ledger's words for what was found."""
        if not found:
            return {}
        values = {
            "agent": agent.capability.agent_id,
            "space": agent.space,
            "ids": [UUID(one.chunk_id) for one in found],
            **rights.values(),
        }
        rows = await self.rows("live_passages", values)
        return {str(row["chunk_id"]): row for row in rows}


def _weighed(read: ReadText, counted: Counted) -> Question:
    """Say how rare each word of a question is in what is searched."""
    return Question.of(read.text, read.words, counted.words.get(question_weights(read.text)))


async def _none() -> list[str]:
    return []
