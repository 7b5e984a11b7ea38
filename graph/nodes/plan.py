"""Says which agents do what, in which order; or asks the person back."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AnyMessage, HumanMessage

from graph.agents.registry import LiveRegistry, Registry
from graph.classification.classifier import Classification, classification_from_json
from graph.classification.rules import classify
from graph.planning.asking_back import says_nothing
from graph.planning.estimates import Estimator
from graph.planning.own_plan import read_own_plan
from graph.planning.planner import Planner
from graph.planning.single_agent import plan_for_agent
from graph.planning.workflow_plan import WorkflowPlan
from graph.ports import KnowledgeReader
from graph.state import State


@dataclass(frozen=True)
class Plan:
    """A caller's own plan, else the agent that the caller names, else the planner."""

    planner: Planner
    reader: KnowledgeReader
    registry: LiveRegistry
    estimator: Estimator = field(default_factory=Estimator)

    async def __call__(self, state: State) -> dict[str, Any]:
        began = time.monotonic()
        registry = await self.registry.current()
        said = _classification(state)
        if state.own_plan is not None:
            update = self._own(state.own_plan, state.question, said, registry)
        elif state.agent:
            update = _update(
                plan_for_agent(state.agent, state.question, said, registry, self.estimator)
            )
        else:
            question = in_context(state.question, state.messages)
            update = _update(
                await self.planner.plan(question, said, registry, self.reader.affinity)
            )
        seconds = round(time.monotonic() - began, 3)
        return {**update, "timings": {**state.timings, "plan": seconds}}

    def _own(
        self, data: dict[str, Any], question: str, said: Classification, registry: Registry
    ) -> dict[str, Any]:
        plan, problems = read_own_plan(
            data, registry, query=question, query_type=said.query_type, estimator=self.estimator
        )
        if plan is not None:
            return _update(plan)
        wrong = "\n".join(f"- {one}" for one in problems)
        return {
            "plan": {},
            "answer": f"This plan cannot run:\n{wrong}",
            "status": "refused",
        }


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


def _update(plan: WorkflowPlan) -> dict[str, Any]:
    """The plan as JSON; a question back is already the answer."""
    update: dict[str, Any] = {"plan": plan.model_dump(mode="json")}
    if plan.clarification:
        options = "".join(f"\n- {one}" for one in plan.options)
        update |= {"answer": plan.clarification + options, "status": "needs_clarification"}
    return update
