"""Plans by a chat model: one repair, then the rules; what is refused is said in the plan."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from graph.citations.model_claims import prompt
from graph.classification.classifier import Classification
from graph.planning.agent_choice import Affinity
from graph.planning.estimates import Estimator
from graph.planning.model_plans import agents_for_model, read_model_plan
from graph.planning.planner import Planner
from graph.planning.registry import Registry
from graph.planning.rules import RulePlanner
from graph.planning.workflow_plan import NOT_PLANNED_BY_MODEL, WorkflowPlan
from graph.ports import WORKING_STEP, ChatModel, Check
from kb_contract.errors import ModelFailed

_LONGEST_QUESTION: Final = 6_000
_LONGEST_PROBLEM: Final = 2_000


@dataclass(frozen=True)
class ModelPlanner:
    """The model proposes; the same checks as for anybody's plan decide."""

    model: ChatModel
    rules: Planner = field(default_factory=RulePlanner)
    estimator: Estimator = field(default_factory=Estimator)
    seconds: float = 20.0

    async def plan(
        self,
        question: str,
        classification: Classification,
        registry: Registry,
        affinity: Affinity,
    ) -> WorkflowPlan:
        """Make a plan; whatever the model does, there is one."""
        rules = await self.rules.plan(question, classification, registry, affinity)
        if rules.shape == "direct" and rules.clarification is None:
            return rules
        asked: dict[str, Any] = {
            "question": question[:_LONGEST_QUESTION],
            "agents": agents_for_model(registry),
        }
        refused: list[str] = []
        plans: list[WorkflowPlan] = []

        def check(text: str) -> str:
            plan, problems = read_model_plan(
                text, question, classification.query_type, registry, rules
            )
            plans.extend([plan] if plan else ())
            refused.extend(problems)
            return "; ".join(problems)[:_LONGEST_PROBLEM] or ("" if plan else "it is no plan")

        try:
            await self._written(asked, check)
        except ModelFailed as error:
            refused = refused or [f"{NOT_PLANNED_BY_MODEL}: {error}"[:300]]
            return rules.model_copy(update={"refused": tuple(dict.fromkeys(refused))})
        return self.estimator.plan(plans[-1], registry)

    async def _written(self, asked: dict[str, Any], check: Check) -> None:
        # The usage row of the call names the planner, as those of steps name their agents.
        token = WORKING_STEP.set(("plan", "planner"))
        try:
            await self.model.write(
                system=prompt("plan"),
                user=json.dumps(asked, ensure_ascii=False),
                tier="standard",
                deadline=self.seconds,
                check=check,
            )
        finally:
            WORKING_STEP.reset(token)
