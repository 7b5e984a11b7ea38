"""Says which agents do what, in which order; or asks the person back."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from langchain_core.messages import AnyMessage, HumanMessage
from langgraph.config import get_stream_writer

from graph.agents.registry import LiveRegistry, Registry
from graph.classification.classifier import Classification, classification_from_json
from graph.classification.rules import classify
from graph.planning.asking_back import says_nothing
from graph.planning.clarified import MOST_TIMES
from graph.planning.estimates import Estimator, NoHistory, StepHistory
from graph.planning.own_plan import read_own_plan
from graph.planning.plan_cache import PlanCache
from graph.planning.planner import Planner
from graph.planning.single_agent import plan_for_agent
from graph.planning.spending import asked_for, paid_steps
from graph.planning.tool_grants import with_tool_grants
from graph.planning.workflow_plan import WorkflowPlan
from graph.ports import KnowledgeReader, Spending
from graph.selection import EVERYTHING, Selection
from graph.state import State

log = structlog.get_logger(__name__)
Rights = Callable[[], tuple[str, ...]]
LooksAt = Callable[[], Selection]


@dataclass(frozen=True)
class Plan:
    """A caller's own plan, else the agent that the caller names, else the planner."""

    planner: Planner
    reader: KnowledgeReader
    registry: LiveRegistry
    estimator: Estimator = field(default_factory=Estimator)
    history: StepHistory = field(default_factory=NoHistory)
    cache: PlanCache = field(default_factory=PlanCache)
    spending: Spending | None = None
    rights: Rights = tuple
    """Groups of the caller: plans of others are not theirs."""
    looks_at: LooksAt = field(default=lambda: EVERYTHING)
    """Documents that the caller wants to be looked at: they say who is near a question."""

    async def __call__(self, state: State) -> dict[str, Any]:
        began = time.monotonic()
        registry = await self.registry.current()
        said = _classification(state)
        timings: dict[str, float] = {}
        if state.own_plan is not None:
            update = self._own(state.own_plan, state.question, said, registry)
        elif state.agent:
            plan = plan_for_agent(state.agent, state.asks, said, registry, self.estimator)
            update = _update(plan, registry, state)
        else:
            question = in_context(state.asks, state.messages)
            plan, timings["plan_cached"] = await self._planned(question, said, registry)
            update = _update(plan, registry, state)
        update = await self._agreed(await self._estimated(update, registry))
        timings["plan"] = round(time.monotonic() - began, 3)
        return {**update, "timings": {**state.timings, **timings}}

    async def _planned(
        self, question: str, said: Classification, registry: Registry
    ) -> tuple[WorkflowPlan, float]:
        """Return the plan, and 1.0 when it was made before."""
        key = self.cache.key(question, said, registry, self.rights(), self.looks_at())
        if plan := self.cache.find(key, question):
            return plan, 1.0
        plan = await self.planner.plan(question, said, registry, self.reader.affinity)
        if plan.refused:
            _say_refused(plan)
        self.cache.keep(key, plan)
        return plan, 0.0

    async def _estimated(self, update: dict[str, Any], registry: Registry) -> dict[str, Any]:
        """Say what the plan takes by what such steps took lately, else by what models cost."""
        if not update["plan"].get("steps"):
            return update
        prices: Mapping[str, float] = await self.spending.prices() if self.spending else {}
        measured = await self.history.measured()
        estimator = replace(self.estimator, measured=measured, cost_per_1000=prices)
        plan = estimator.plan(WorkflowPlan.model_validate(update["plan"]), registry)
        return {**update, "plan": plan.model_dump(mode="json")}

    async def _agreed(self, update: dict[str, Any]) -> dict[str, Any]:
        """Let a person agree to steps that a budget has no room for."""
        if self.spending is None or not update["plan"].get("steps"):
            return update
        plan = WorkflowPlan.model_validate(update["plan"])
        why = await self.spending.ask_first(
            [(one.agent, one.model_tier) for one in paid_steps(plan)]
        )
        return {**update, "plan": asked_for(plan, why).model_dump(mode="json")} if why else update

    def _own(
        self, data: dict[str, Any], question: str, said: Classification, registry: Registry
    ) -> dict[str, Any]:
        plan, problems = read_own_plan(
            data, registry, query=question, query_type=said.query_type, estimator=self.estimator
        )
        if plan is not None:
            return _planned_with(plan, registry)
        wrong = "\n".join(f"- {one}" for one in problems)
        return {
            "plan": {},
            "answer": f"This plan cannot run:\n{wrong}",
            "status": "refused",
        }


def _say_refused(plan: WorkflowPlan) -> None:
    """Say that the rules planned because the model's plan could not be taken."""
    log.warning("model's plan refused", why=list(plan.refused))
    try:
        write = get_stream_writer()
    except (RuntimeError, KeyError):  # no graph is running
        return
    write({"type": "plan_refused", "lane": "plan", "by": "rules", "why": list(plan.refused)})


def _classification(state: State) -> Classification:
    if state.classification:
        return classification_from_json(state.classification)
    return classify(state.question)


def in_context(question: str, messages: Sequence[AnyMessage]) -> str:
    """Give a follow-up like "tell me more" the question that it follows."""
    if not says_nothing(question):
        return question
    people = [one.text.strip() for one in messages if isinstance(one, HumanMessage)]
    earlier = [one for one in people if one and one != question and not says_nothing(one)]
    return f"{earlier[-1]} ({question})" if earlier else question


def _update(plan: WorkflowPlan, registry: Registry, state: State) -> dict[str, Any]:
    """The plan as JSON; what no answer can help, or was asked too often, is said and ends the run."""
    update = _planned_with(plan, registry)
    asked_enough = state.clarified >= MOST_TIMES
    if plan.clarification and (asked_enough or not plan.answerable):
        update |= {"answer": plan.said_back(), "status": "needs_clarification"}
    return update


def _planned_with(plan: WorkflowPlan, registry: Registry) -> dict[str, Any]:
    return {"plan": with_tool_grants(plan, registry).model_dump(mode="json")}
