"""What `kb eval retrieval` measures: a labelled corpus, ingested and asked as any agent is."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from dagster_kb.resources.progress import Progress
from graph.agents.rag import Rag
from graph.entrypoint import Gateways
from graph.planning.workflow_plan import AgentCapability
from graph.ports import AgentTask
from graph.state import Passage
from kb.evaluation.corpus_folder import AGENT, CorpusFolder, write_corpus
from kb.evaluation.floors import Floors, floors
from kb.evaluation.labelled_corpus import LabelledCorpus, Query
from kb.evaluation.private_stack import private_stack
from kb.evaluation.ranking_figures import (
    DEPTH,
    Figures,
    each_once,
    figures_of,
    means,
    percentile,
)
from kb.evaluation.throwaway_agent import ThrowawayAgent
from kb.ingestion import Ingested
from kb_contract.errors import ScriptoriumError

# Enough passages for ten documents, unless one has very many that are near the question.
PASSAGES: Final = 100
# Of documents that are not ingested, so many are named with their reason.
_NAMED: Final = 20


@dataclass(frozen=True)
class Asked:
    """What came of one question."""

    query: Query
    ranked: Sequence[str]
    refused: bool
    """The agent said that it has nothing about this."""
    milliseconds: float
    error: str = ""

    @property
    def figures(self) -> Figures | None:
        wanted = self.query.wanted
        return figures_of(self.ranked, wanted, refused=self.refused) if wanted else None

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.query.id, "text": self.query.text, "wanted": dict(self.query.wanted),
            "ranked": list(self.ranked[:DEPTH]), "refused": self.refused,
            "refusal_right": float(self.refused != bool(self.query.wanted)),
            "ms": round(self.milliseconds, 3), **(self.figures or {}),
            **({"error": self.error} if self.error else {}),
        }  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """A whole measurement."""

    asked: Sequence[Asked]
    ingested: Ingested
    not_ingested: Mapping[str, str]
    """Why, by document."""
    model: str
    missing: int
    """Documents that questions want and the corpus has not."""
    floors: Floors | None
    """What plain searches are worth, where that was asked for."""

    def figures(self) -> dict[str, Any]:
        """Return the figures; more may come, these names stay."""
        with_answer = [one for one in self.asked if one.query.wanted]
        worth = [one.figures for one in with_answer if one.figures]
        times = [one.milliseconds for one in self.asked if not one.error]
        return {
            **{name: round(value, 6) for name, value in means(worth).items()},
            "n": len(with_answer),
            "latency_ms": {"p50": round(percentile(times, 0.5), 3),
                           "p95": round(percentile(times, 0.95), 3)},
            "unanswerable": len(self.asked) - len(with_answer),
            "refused": sum(one.refused for one in self.asked if not one.query.wanted),
            "wrongly_refused": sum(one.refused for one in with_answer),
            "failed": sum(bool(one.error) for one in self.asked),
            "documents": self.ingested.documents,
            "chunks": self.ingested.chunks,
            "not_ingested": len(self.not_ingested),
            "not_ingested_because": dict(islice(self.not_ingested.items(), _NAMED)),
            "wanted_and_missing": self.missing,
            "ingest_seconds": self.ingested.seconds,
            "ingested": self.ingested.how,
            **({"floors": self.floors.means()} if self.floors else {}),
        }  # fmt: skip

    def questions(self) -> list[dict[str, Any]]:
        """Return what came of each question, beside what plain searches made of it."""
        if self.floors is None:
            return [one.as_json() for one in self.asked]
        return [{**one.as_json(), "floors": self.floors.of(one.query.id)} for one in self.asked]


@dataclass(frozen=True)
class Measurement:
    """Ingests a corpus on a stack of its own, and asks every question of it."""

    corpus: LabelledCorpus
    manifest: Mapping[str, Any]
    """What agent.yaml says: how the agent cuts and searches."""
    keep: Path | None
    refusals: bool
    """Whether the agent is asked too, and not only what it would find."""
    floors: bool
    """Whether plain searches are measured beside ours."""
    progress: Progress

    def run(self) -> Measured:
        self.progress(AGENT, "starting", 0, 1)
        with private_stack(self.keep) as stack:
            self.progress(AGENT, "starting", 1, 1)
            folder = write_corpus(stack.repository, self.corpus, self.manifest)
            agent = ThrowawayAgent(stack)
            ingested = agent.ingest(self.progress)
            asked, plain = asyncio.run(self._ask(agent, folder))
        return Measured(
            asked, ingested,
            {folder.ids[one["path"]]: one["reason"] for one in ingested.quarantined},
            agent.model(), len(self._wanted() - self._there()), plain,
        )  # fmt: skip

    async def _ask(
        self, agent: ThrowawayAgent, folder: CorpusFolder
    ) -> tuple[list[Asked], Floors | None]:
        asked: list[Asked] = []
        async with agent.reader() as gateways:
            served = {one.agent_id: one for one in await gateways.reader.agents()}
            asking = _Asking(gateways, folder, served.get(AGENT), refusals=self.refusals)
            await asking.warm_up()
            for query in self.corpus.queries:
                asked.append(await asking.ask(query))
                self.progress(AGENT, "questions", len(asked), len(self.corpus.queries))
            if self.floors and asking.agent:
                return asked, await floors(gateways, folder, self.corpus.queries)
        return asked, None

    def _wanted(self) -> set[str]:
        return {one for query in self.corpus.queries for one in query.wanted}

    def _there(self) -> set[str]:
        pdfs = {one.stem for one in self.corpus.pdfs}
        pages = {one for one in self._wanted() if one.rpartition("#")[0] in pdfs}
        return pages | {one.id for one in self.corpus.documents}


@dataclass(frozen=True)
class _Asking:
    gateways: Gateways
    folder: CorpusFolder
    agent: AgentCapability | None
    """None when nothing of the corpus could be published."""
    refusals: bool

    async def warm_up(self) -> None:
        """Load the model and open the connections, by a question that is in no set."""
        if self.agent:
            await self._search("is anybody there")

    async def ask(self, query: Query) -> Asked:
        """Ask one question; one that fails is counted as one that found nothing."""
        if self.agent is None:
            return Asked(query, [], refused=True, milliseconds=0.0)
        began = time.perf_counter()
        try:
            passages = await self._search(query.text)
            took = (time.perf_counter() - began) * 1000
            refused = not passages or await self._is_refused(self.agent, query)
        except ScriptoriumError as error:
            took = (time.perf_counter() - began) * 1000
            return Asked(query, [], refused=False, milliseconds=took, error=str(error))
        ranked = each_once([self.folder.document_of(one) for one in passages])
        return Asked(query, ranked, refused, took)

    async def _search(self, question: str) -> list[Passage]:
        return await self.gateways.reader.search(AGENT, question, limit=PASSAGES)

    async def _is_refused(self, agent: AgentCapability, query: Query) -> bool:
        if not self.refusals:
            return False
        rag = Rag(self.gateways.reader, self.gateways.embedder)
        task = AgentTask(query.id, agent, "knowledge", query.text, {}, {}, "standard")
        return (await rag(task))["status"] == "nothing_found"
