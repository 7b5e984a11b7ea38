"""What `kb eval answers` measures: whole answers of the reader's own graph, quote by quote."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver

from dagster_kb.gates.golden_causes import plain
from dagster_kb.resources.progress import Progress
from graph.agent_graph import ReaderGraph
from graph.entrypoint import Gateways, build_graph
from graph.ports import FinishedAnswer
from graph.run_context import RunContext
from graph.settings import ReaderSettings
from graph.state import Passage, StepResult
from kb.evaluation.labelled_answers import Expected, LabelledQuestion
from kb.evaluation.ranking_figures import percentile
from kb_contract.citation import Citation
from kb_contract.errors import ScriptoriumError

REFUSED: Final = "refused"
_SHOWN: Final = 600

StandsInGit = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True)
class Answered:
    """What came of one question."""

    question: LabelledQuestion
    status: str
    answer: str = ""
    found: tuple[bool, ...] = ()
    """For every expected passage, whether it was among those that were found."""
    cited: tuple[bool, ...] = ()
    quotes: Sequence[tuple[Citation, bool]] = ()
    """Citations, and whether git has their words there."""
    milliseconds: float = 0.0
    error: str = ""

    @property
    def refused(self) -> bool:
        return self.status == REFUSED

    def as_json(self) -> dict[str, Any]:
        can = bool(self.question.expected)
        stands = [ok for _, ok in self.quotes]
        return {
            "id": self.question.id, "text": self.question.text, "status": self.status,
            "wanted": [f"{one.path}: “{one.quote}”" if one.quote else one.path
                       for one in self.question.expected],
            "refused": self.refused, "refusal_right": float(self.refused != can),
            "found": _share(self.found) if can else None,
            "cited": _share(self.cited) if can else None,
            "verified": _share(stands) if stands else None,
            "answer": self.answer[:_SHOWN], "ms": round(self.milliseconds, 3),
            "quotes": [{"quote": one["quote"], "path": one["path"], "sha": one["sha"], "verified": ok}
                       for one, ok in self.quotes],
            **({"error": self.error} if self.error else {}),
        }  # fmt: skip


def figures_of(answered: Sequence[Answered]) -> dict[str, Any]:
    """Average over questions; `verified` is over quotes, and 1 where there is none."""
    can = [one for one in answered if one.question.expected]
    cannot = [one for one in answered if not one.question.expected]
    stands = [ok for one in answered for _, ok in one.quotes]
    times = [one.milliseconds for one in answered if not one.error]
    return {
        "found": _mean([_share(one.found) for one in can]),
        "cited": _mean([_share(one.cited) for one in can]),
        "verified": _share(stands) if stands else 1.0,
        "refused": _mean([float(one.refused) for one in cannot]),
        "wrongly_refused": _mean([float(one.refused) for one in can]),
        "n": len(answered), "answerable": len(can), "unanswerable": len(cannot),
        "citations": len(stands), "failed": sum(bool(one.error) for one in answered),
        "latency_ms": {"p50": round(percentile(times, 0.5), 3),
                       "p95": round(percentile(times, 0.95), 3)},
    }  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """Asks every question of the graph, in this process; nothing is kept as if a person had asked."""

    settings: ReaderSettings
    gateways: Gateways
    agent: str | None
    stands_in_git: StandsInGit
    progress: Progress

    async def ask(self, questions: Sequence[LabelledQuestion]) -> list[Answered]:
        graph = build_graph(
            self.settings,
            checkpointer=InMemorySaver(),
            gateways=self.gateways,
            answers=Forgetting(),
        )
        # The model and the classifier load at the first question, which so is nobody's.
        await self._answered(graph, LabelledQuestion("", "Is anybody there?", ()))
        answered: list[Answered] = []
        for one in questions:
            answered.append(await self._answered(graph, one))
            self.progress(self.agent or "answers", "questions", len(answered), len(questions))
        return answered

    async def _answered(self, graph: ReaderGraph, question: LabelledQuestion) -> Answered:
        config: RunnableConfig = {"configurable": {"thread_id": question.id}}
        given: Any = {"question": question.text, "agent": self.agent}
        began = time.perf_counter()
        try:
            said = await graph.ainvoke(given, config, context=RunContext(cache="no-store"))
        except ScriptoriumError as error:
            return Answered(question, "failed", error=str(error),
                            milliseconds=(time.perf_counter() - began) * 1000)  # fmt: skip
        took = (time.perf_counter() - began) * 1000
        state = (await graph.aget_state(config)).values
        results: Mapping[str, StepResult] = state.get("results") or {}
        passages = [one for result in results.values() for one in result["passages"]]
        citations: list[Citation] = list(said.get("citations") or ())
        status = "awaiting_approval" if "__interrupt__" in said else str(said.get("status") or "")
        return Answered(
            question, status, str(said.get("answer") or ""),
            tuple(_is_found(one, passages) for one in question.expected),
            tuple(_is_cited(one, passages, citations) for one in question.expected),
            [(one, self.stands_in_git(one)) for one in citations], took,
        )  # fmt: skip


@dataclass
class Forgetting:
    """An `AnswerLog` for questions that nobody asked."""

    kept: int = field(default=0)

    async def keep(self, answer: FinishedAnswer) -> None:
        del answer
        self.kept += 1


def _is_found(expected: Expected, passages: Sequence[Passage]) -> bool:
    return any(_is(expected, one) for one in passages)


def _is_cited(
    expected: Expected, passages: Sequence[Passage], citations: Sequence[Citation]
) -> bool:
    """A citation counts when it is of a passage that is expected."""
    right = {one["chunk_id"] for one in passages if _is(expected, one)}
    return any(one["chunk_id"] in right for one in citations)


def _is(expected: Expected, passage: Passage) -> bool:
    if not expected.is_of(passage["path"]):
        return False
    return expected.quote is None or plain(expected.quote) in plain(passage["text"])


def _share(of: Sequence[bool]) -> float:
    return sum(of) / len(of) if of else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
