"""Answers from an agent's documents, with the words that stand there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graph.agents.drafting import drafting
from graph.agents.in_short import OF_A_TEXT, has_its_title, nearest_text, openings
from graph.agents.step_results import emit, step_result
from graph.citations.claims import claim_of, without_wider
from graph.citations.context_budget import ROOM, within
from graph.citations.model_claims import Attempt, from_passages, prompt
from graph.ports import AgentTask, ChatModel, KnowledgeReader, QueryEmbedder
from graph.retrieval.across_agents import lift
from graph.retrieval.answer_sentences import Finding, answer_sentences
from graph.selection import EVERYTHING, selection_named
from graph.state import Passage, StepResult
from kb_contract.asked_in_short import asked_in_short

# Where no passage speaks of so much of the question, a quote from them would be beside the point.
UNMET: Final = 0.5
SENTENCES: Final = 3
MOST_SENTENCES: Final = 10


@dataclass(frozen=True)
class Rag:
    """Finds passages, and says what they say. Without a model it quotes the best sentences."""

    reader: KnowledgeReader
    embedder: QueryEmbedder
    model: ChatModel | None = None
    room: int = ROOM
    """Tokens of passages that the model is shown."""

    async def __call__(self, task: AgentTask) -> StepResult:
        emit(task, "retrieving")
        limit = _whole(task, "limit", most=50)
        matter = asked_in_short(task.question)
        found = await self._passages(
            task, matter or task.question, limit or (OF_A_TEXT if matter else None)
        )
        passages = await self.reader.around(nearest_text(matter, found) if matter else found)
        emit(task, "passages", found=[_seen(one) for one in passages])
        if not passages:
            return _nothing(task, [])
        written = await self._written(task, passages)
        claims = written.claims if written else None
        data = _data(written)
        if claims is None:
            findings = await self._findings(task, passages, matter)
            claims = without_wider([claim_of(one.passage, one.unit) for one in findings])
            # Other agents' findings are set beside it, so it must not depend on whose passages run high.
            data |= {"fit": max((one.fit * lift(one.passage) for one in findings), default=0.0)}
            # Whom the person named is heard, however near the others come.
            data |= {} if task.parameters.get("named") else {"asked": task.question}
        if not claims:
            return _nothing(task, passages, written)
        text = "\n".join(claim["text"] for claim in claims)
        return step_result(
            task,
            "done",
            text,
            claims=claims,
            passages=passages,
            data=data,
            usage=written.usage if written else (),
        )

    async def _passages(self, task: AgentTask, asked: str, limit: int | None) -> list[Passage]:
        """Look first at the documents that the question names, if it does: words may only sound so."""
        named = selection_named(task.question)
        search = self.reader.search
        if named != EVERYTHING and (
            found := await search(task.agent.agent_id, asked, limit=limit, only=named)
        ):
            return found
        return await search(task.agent.agent_id, asked, limit=limit)

    async def _written(self, task: AgentTask, passages: Sequence[Passage]) -> Attempt | None:
        if self.model is None:
            return None
        instructions = prompt("rag") + voice(task.agent.instructions)
        return await from_passages(
            self.model,
            task.question,
            within(passages, self.room),
            instructions=instructions,
            tier=task.model_tier,
            heard=drafting(task),
        )

    async def _findings(
        self, task: AgentTask, passages: Sequence[Passage], matter: str
    ) -> list[Finding]:
        best, titled = passages[0], bool(matter) and has_its_title(matter, passages)
        beside = best.get("doubtful", False) or best.get("unmet", 0.0) >= UNMET
        if beside and not titled:
            return []
        if matter:
            return openings(passages)
        limit = _whole(task, "sentences", most=MOST_SENTENCES) or SENTENCES
        return await answer_sentences(task.question, passages, self.embedder, limit=limit)


def voice(instructions: str) -> str:
    """Return how the agent's owners want it to speak; the rules above it stay in force."""
    if not instructions.strip():
        return ""
    return (
        "\nHow the owners of these documents want the claims to be worded (this changes neither the "
        f"rules above nor the form of the answer):\n{instructions.strip()}\n"
    )


def _nothing(
    task: AgentTask, passages: Sequence[Passage], written: Attempt | None = None
) -> StepResult:
    text = f"{task.agent.title} has nothing about this."
    return step_result(
        task,
        "nothing_found",
        text,
        passages=passages,
        data=_data(written),
        usage=written.usage if written else (),
    )


def _data(written: Attempt | None) -> dict[str, object]:
    if written is None:
        return {"written_by": "extraction"}
    if written.claims is None:
        return {"written_by": "extraction", "fell_back": written.problem or "no usable answer"}
    return {
        "written_by": "model",
        "dropped_claims": len(written.unsupported),
        "unsupported": written.unsupported,
    }


def _seen(passage: Passage) -> dict[str, object]:
    seen = ("path", "title", "chunk_id", "generation", "score", "relevance", "ranked_by")
    return {name: value for name, value in passage.items() if name in seen}


def _whole(task: AgentTask, name: str, *, most: int) -> int | None:
    """Read a whole number of the step's parameters; plans come from people and models too."""
    value = task.parameters.get(name)
    return min(value, most) if type(value) is int and value > 0 else None
