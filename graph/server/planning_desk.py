"""Questions classified and planned without a run, with the same parts as the graph has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph.classification.classifier import Classifier
from graph.planning.agent_choice import Affinity
from graph.planning.optimisation import optimise
from graph.planning.own_plan import read_own_plan
from graph.planning.picture import mermaid
from graph.planning.planner import Planner
from graph.planning.validation import Problem
from graph.planning.workflow_plan import WorkflowPlan
from graph.server.server_parts import AgentList
from graph.text_border import checked_text
from kb_contract.errors import BadInput


@dataclass(frozen=True)
class PlanningDesk:
    """Stands behind `/classify /plan /validate /optimize`."""

    classifier: Classifier
    planner: Planner
    agents: AgentList
    affinity: Affinity
    longest: int

    async def classify(self, question: str) -> Mapping[str, Any]:
        asked = self._checked(question)
        found = await self.classifier.classify(asked, registry=await self.agents.current())
        return found.as_json()

    async def plan(self, question: str) -> Mapping[str, Any]:
        asked, registry = self._checked(question), await self.agents.current()
        found = await self.classifier.classify(asked, registry=registry)
        plan = await self.planner.plan(asked, found, registry, self.affinity)
        return {**_shown(plan), "classification": found.as_json()}

    async def validate(self, plan: Mapping[str, Any]) -> Mapping[str, Any]:
        found, problems = read_own_plan(plan, await self.agents.current())
        shown = _shown(found) if found else {"plan": None}
        return {"valid": found is not None, "problems": [str(one) for one in problems], **shown}

    async def optimize(self, plan: Mapping[str, Any]) -> Mapping[str, Any]:
        registry = await self.agents.current()
        given, problems = read_own_plan(plan, registry)
        if given is None:
            raise _refused(problems)
        better = optimise(given, registry)
        before = given.estimate.model_dump()
        return {**_shown(better), "before": before, "changed": better.steps != given.steps}

    def _checked(self, question: str) -> str:
        return checked_text(question, what="question", at_most=self.longest)


def _shown(plan: WorkflowPlan) -> dict[str, Any]:
    return {"plan": plan.model_dump(mode="json"), "digest": plan.digest(), "mermaid": mermaid(plan)}


def _refused(problems: list[Problem]) -> BadInput:
    said = "; ".join(str(one) for one in problems)
    return BadInput(said, where="the plan", cure="mend it; /validate says when it is right")
