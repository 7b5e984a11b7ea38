"""Questions classified and planned without a run, with the same parts as the graph has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.classification.classifier import Classifier
from graph.planning.agent_choice import Affinity
from graph.planning.estimates import Estimator, NoHistory, StepHistory
from graph.planning.optimisation import optimise
from graph.planning.own_plan import read_own_plan
from graph.planning.picture import mermaid
from graph.planning.planner import Planner
from graph.planning.registry import Registry
from graph.planning.tool_grants import with_tool_grants
from graph.planning.validation import Problem
from graph.planning.workflow_plan import WorkflowPlan
from graph.ports import Spending
from graph.server.server_parts import AgentList
from kb_contract.errors import BadInput
from kb_contract.text_border import checked_text


@dataclass(frozen=True)
class PlanningDesk:
    """Stands behind `/classify /plan /validate /optimize`."""

    classifier: Classifier
    planner: Planner
    agents: AgentList
    affinity: Affinity
    longest: int
    history: StepHistory = field(default_factory=NoHistory)
    spending: Spending | None = None
    rights: Callable[[], tuple[str, ...]] | None = None

    async def classify(self, question: str) -> Mapping[str, Any]:
        asked = self._checked(question)
        found = await self.classifier.classify(asked, registry=await self.agents.current())
        return found.as_json()

    async def plan(self, question: str) -> Mapping[str, Any]:
        asked, registry = self._checked(question), await self.agents.current()
        found = await self.classifier.classify(asked, registry=registry)
        plan = await self.planner.plan(asked, found, registry, self.affinity)
        plan = (await self._estimator()).plan(with_tool_grants(plan, registry), registry)
        return {**_shown(plan), "classification": found.as_json()}

    async def validate(self, plan: Mapping[str, Any]) -> Mapping[str, Any]:
        found, problems = await self._read(plan, await self.agents.current())
        shown = _shown(found) if found else {"plan": None}
        return {"valid": found is not None, "problems": [str(one) for one in problems], **shown}

    async def optimize(self, plan: Mapping[str, Any]) -> Mapping[str, Any]:
        registry = await self.agents.current()
        given, problems = await self._read(plan, registry)
        if given is None:
            raise _refused(problems)
        better = optimise(given, registry, await self._estimator())
        before = given.estimate.model_dump()
        return {**_shown(better), "before": before, "changed": better.steps != given.steps}

    async def _read(
        self, plan: Mapping[str, Any], registry: Registry
    ) -> tuple[WorkflowPlan | None, list[Problem]]:
        groups = self.rights() if self.rights else None
        return read_own_plan(plan, registry, estimator=await self._estimator(), groups=groups)

    async def _estimator(self) -> Estimator:
        prices: Mapping[str, float] = await self.spending.prices() if self.spending else {}
        return Estimator(prices, measured=await self.history.measured())

    def _checked(self, question: str) -> str:
        return checked_text(question, what="question", at_most=self.longest)


def _shown(plan: WorkflowPlan) -> dict[str, Any]:
    return {"plan": plan.model_dump(mode="json"), "digest": plan.digest(), "mermaid": mermaid(plan)}


def _refused(problems: list[Problem]) -> BadInput:
    said = "; ".join(str(one) for one in problems)
    return BadInput(said, where="the plan", cure="mend it; /validate says when it is right")
