"""What anything must do that makes plans."""

from typing import Protocol

from graph.classification.classifier import Classification
from graph.planning.agent_choice import Affinity
from graph.planning.registry import Registry
from graph.planning.workflow_plan import WorkflowPlan


class Planner(Protocol):
    """Makes a plan for a question. Rules today; a model takes the same seat."""

    async def plan(
        self,
        question: str,
        classification: Classification,
        registry: Registry,
        affinity: Affinity,
    ) -> WorkflowPlan: ...
