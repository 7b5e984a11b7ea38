"""The plan of a caller who names the agent."""

from graph.classification.classifier import Classification
from graph.planning.asking_back import action_parameters, topic_options
from graph.planning.estimates import Estimator
from graph.planning.registry import Registry
from graph.planning.sketch import Need
from graph.planning.tiers import with_tiers
from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep


def plan_for_agent(
    agent_id: str,
    question: str,
    classification: Classification,
    registry: Registry,
    estimator: Estimator,
) -> WorkflowPlan:
    """Make one step for that agent, or say which agents there are."""
    plan = WorkflowPlan(
        query=question,
        query_type=classification.query_type,
        shape="single",
        reasons=(f"the caller named the agent {agent_id!r}",),
        registry_digest=registry.digest(),
    )
    agent = registry.find(agent_id)
    if agent is None:
        known = ", ".join(registry.ids())
        asked = {
            "shape": "direct",
            "clarification": f"There is no agent {agent_id!r}. Agents now: {known}.",
            "options": topic_options(registry),
        }
        return plan.model_copy(update=asked)
    capability = agent.capabilities[0]
    acting = capability == "action"
    held = acting or agent.approval == "always"
    step = WorkflowStep(
        step_id="s1",
        agent=agent.agent_id,
        capability=capability,
        question=question,
        parameters=action_parameters(Need("s1", "action", question), registry, question)
        if acting
        else {},
        requires_approval=held,
    )
    plan = plan.model_copy(update={"steps": (step,), "requires_approval": held})
    return estimator.plan(with_tiers(plan, registry), registry)
