"""Keeps the finished answer, once, and says it in the conversation."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from langchain_core.messages import AIMessage, RemoveMessage
from langgraph.config import get_config
from langgraph.runtime import Runtime

from graph.conversation.summary import summarised
from graph.nodes.recall import Keeping
from graph.nodes.telling import tell
from graph.ports import AnswerLog, FinishedAnswer, QuestionCosts
from graph.run_context import RunContext
from graph.selection import EVERYTHING
from graph.state import State

log = structlog.get_logger(__name__)
_LACKING: Final = {"refused", "partial"}
_NOTHING_PAID: Final[dict[str, Any]] = {
    "calls": 0, "prompt_tokens": 0, "completion_tokens": 0, "cost": 0.0, "estimated": False,
    "models": [], "cached": True,
}  # fmt: skip


@dataclass(frozen=True)
class Remember:
    """Ends a turn of the conversation."""

    answers: AnswerLog
    costs: QuestionCosts | None = None
    """None: what the steps and the synthesis said is all that there is."""
    keeping: Keeping | None = None
    """None: no answer is given again."""
    clock: Callable[[], float] = time.time
    most_messages: int = 60

    async def __call__(self, state: State, runtime: Runtime[RunContext]) -> dict[str, Any]:
        timings = {**state.timings, "total": self._seconds_since(state.timings.get("asked_at"))}
        finished = _finished(state, runtime, timings)
        finished = replace(finished, usage=await self._usage(finished, timings))
        await self.answers.keep(finished)
        tell(runtime.stream_writer, finished)
        if self.keeping is not None:
            said = RunContext.model_validate(runtime.context or {})
            await self.keeping(state, finished, said.cache)
        log.info("answered", answer_id=finished.answer_id, status=finished.status)
        # What a caller asks of one question must not hold for the next one in the thread.
        answer = AIMessage(content=state.answer, id=state.answer_id)
        return {
            **self._shortened(state, answer),
            "status": finished.status,
            "usage": finished.usage,
            "timings": timings,
            "agent": None,
            "own_plan": None,
        }

    async def _usage(self, finished: FinishedAnswer, timings: dict[str, float]) -> dict[str, Any]:
        """Count what classifying and planning took, too, and what it took to know that an answer is kept."""
        again = finished.cached_from is not None
        if self.costs is None or not finished.thread_id or "asked_at" not in timings:
            return _NOTHING_PAID if again else finished.usage
        usage = await self.costs.of_question(
            finished.answer_id, finished.thread_id, timings["total"]
        )
        if again:
            return {**usage, "cached": True}
        knowledge = await self.costs.of_knowledge(finished.answer_id, finished.citations)
        return {**usage, "knowledge_cost": knowledge}

    def _shortened(self, state: State, said: AIMessage) -> dict[str, Any]:
        """Keep the newest messages of a long talk, and of the others a summary."""
        known = [one for one in state.messages if one.id]
        if len(known) + 1 <= self.most_messages:
            return {"messages": [said]}
        # Half of it goes at once, so that it does not go one by one at every turn.
        old = known[: len(known) + 1 - self.most_messages // 2]
        gone = [RemoveMessage(id=str(one.id)) for one in old]
        return {"messages": [*gone, said], "summary": summarised(state.summary, old)}

    def _seconds_since(self, began: float | None) -> float:
        return 0.0 if began is None else round(self.clock() - began, 3)


def _finished(
    state: State, runtime: Runtime[RunContext], timings: dict[str, float]
) -> FinishedAnswer:
    info = runtime.execution_info
    said = RunContext.model_validate(runtime.context or {})
    of_all_today = said.as_of is None and said.only == EVERYTHING
    return FinishedAnswer(
        answer_id=state.answer_id,
        thread_id=(info.thread_id if info else None) or "",
        run_id=(info.run_id if info else None) or "",
        trace_id=state.trace_id,
        question=state.question,
        query_type=state.query_type,
        status=state.status or "failed",
        answer=state.answer,
        plan=state.plan,
        citations=state.citations,
        usage=state.usage,
        timings=timings,
        # What the past, or some documents, did not know is no gap of all that is known today.
        unanswered=_unanswered(state) if of_all_today else [],
        coverage=state.coverage,
        conflicts=state.conflicts,
        as_of=said.as_of,
        cached_from=state.cache["answer_id"] if state.cached else None,
        asked_by=get_config().get("metadata", {}).get("requested_by"),
    )


def _unanswered(state: State) -> list[tuple[str, str]]:
    """Name who had nothing, of those that were needed: who is asked just in case owes no answer."""
    if state.status not in _LACKING:
        return []
    nothing = {one["step_id"] for one in state.results.values() if one["status"] == "nothing_found"}
    return [
        (str(step["agent"]), str(step["question"]))
        for step in state.plan.get("steps", ())
        if step.get("capability") == "knowledge"
        and step.get("policy", "required") == "required"
        and step["step_id"] in nothing
    ]
