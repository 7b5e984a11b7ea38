"""Questions that nobody could answer are asked again when their agent is published anew."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import structlog

from graph.agents.rag import Rag
from graph.gateways.postgres import LazyPool
from graph.planning.workflow_plan import AgentCapability
from graph.ports import AgentTask, ChatModel, KnowledgeReader, QueryEmbedder
from graph.state import StepResult
from kb_contract.errors import ModelFailed, ScriptoriumError, Unavailable
from kb_contract.named_queries import named_queries

log = structlog.get_logger(__name__)
EVERY_SECONDS: Final = 15.0
IN_A_ROUND: Final = 50


@dataclass(frozen=True)
class Closed:
    """A gap that a commit closed."""

    gap_id: int
    agent_id: str
    question: str
    generation: int
    sha: str
    path: str
    quote: str


@dataclass(frozen=True)
class GapRounds:
    """Asks open gaps as any question is asked: by extraction, and then by the model if there is one.

    So a publication costs the provider only what it is likely to have answered.
    """

    pool: LazyPool
    reader: KnowledgeReader
    embedder: QueryEmbedder
    model: ChatModel | None
    workspace: str
    room: int
    """Tokens of passages that the model is shown, as when a person asks."""

    async def run(self) -> None:
        """Look now and then, until cancelled; what is not reached now is asked later."""
        while True:
            try:
                await self.round()
            except Unavailable as error:
                log.warning("gaps cannot be asked again", error=str(error)[:200])
            await asyncio.sleep(EVERY_SECONDS)

    async def round(self, *, agent: str | None = None, again: bool = False) -> list[Closed]:
        """Ask what is due; `again` also what was asked of this very generation."""
        due = await self._rows("gaps_to_ask_again", agent=agent, again=again, limit=IN_A_ROUND)
        if not due:
            return []
        served = {one.agent_id: one for one in await self.reader.agents()}
        closed = [await self._asked(gap, served.get(gap["agent_id"])) for gap in due]
        return [one for one in closed if one]

    async def _asked(self, gap: dict[str, Any], agent: AgentCapability | None) -> Closed | None:
        # The registry may be a moment behind the swap: then it is asked in the next round.
        if agent is None or agent.generation != gap["generation"]:
            return None
        task = AgentTask(
            f"gap-{gap['gap_id']}",
            agent,
            "knowledge",
            gap["question"],
            {},
            {},
            agent.model_tier or "standard",
        )
        try:
            found = await self._answered(gap, task)
        except ScriptoriumError as error:
            # What we stand on is away for all of them; a model that cannot take one may take the next.
            if isinstance(error, Unavailable) and not isinstance(error, ModelFailed):
                raise
            log.warning("a gap could not be asked", gap=gap["gap_id"], error=str(error)[:200])
            found = None
        if found is None:
            await self._rows("gap_tried", gap=gap["gap_id"], generation=gap["generation"])
            return None
        kept = await self._rows(
            "close_gap", gap=found.gap_id, generation=found.generation, sha=found.sha,
            path=found.path, quote=found.quote,
        )  # fmt: skip
        if not kept:
            return None  # another worker was first, or a person dismissed it
        log.info("gap closed", gap=found.gap_id, agent=found.agent_id, sha=found.sha)
        return found

    async def _answered(self, gap: dict[str, Any], task: AgentTask) -> Closed | None:
        found = _closing(gap, await Rag(self.reader, self.embedder)(task))
        if found is None or self.model is None:
            return found
        return _closing(gap, await Rag(self.reader, self.embedder, self.model, self.room)(task))

    async def _rows(self, name: str, **values: Any) -> list[dict[str, Any]]:
        statement = named_queries("evaluations")[name]
        return await self.pool.run(statement, {"workspace": self.workspace, **values})


def _closing(gap: dict[str, Any], result: StepResult) -> Closed | None:
    """Take the first quote of an answer, if there is one."""
    passages = {one["chunk_id"]: one for one in result["passages"]}
    for claim in result["claims"] if result["status"] == "done" else ():
        for quote in claim["quotes"]:
            if passage := passages.get(quote["chunk_id"]):
                return Closed(
                    gap["gap_id"], gap["agent_id"], gap["question"], passage["generation"],
                    passage["git_sha"], passage["path"], quote["text"],
                )  # fmt: skip
    return None
