"""What is shown to a person: LangChain's `HITLRequest` with one action, and all that helps to decide.

Studio and agent-chat-ui read `action_requests` and `review_configs`, and leave the rest alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from graph.approval_requests.answers import ALLOWED
from graph.approval_requests.argument_schema import arguments_schema
from graph.approval_requests.evidence import evidence_of
from graph.approval_requests.judgement import impact_of, next_of, recommendation_of, risk_of
from graph.approval_requests.shown_action import VERSION
from graph.planning.workflow_plan import AgentCapability, WorkflowPlan, WorkflowStep
from graph.state import StepResult
from kb_contract.identifiers import sha256_json


def approval_request(
    plan: WorkflowPlan,
    step: WorkflowStep,
    agent: AgentCapability | None = None,
    needed: Mapping[str, StepResult] | None = None,
) -> dict[str, Any]:
    """Say exactly what will be done, and on what grounds; the digest binds the answer to all of it."""
    inputs = needed or {}
    evidence = evidence_of(inputs)
    missing = [one for one in step.depends_on if one not in inputs]
    risk = risk_of(step, agent, evidence)
    request: dict[str, Any] = {
        "approval_version": VERSION,
        "step_id": step.step_id,
        "agent_id": step.agent,
        "query_type": plan.query_type,
        "plan_digest": plan.digest(),
        "what": f"{agent.title if agent else step.agent}: {step.question}",
        "why": f"It is a step of the plan for: {plan.query}",
        "reasons": list(plan.reasons),
        "impact": impact_of(step, agent),
        "risk": risk,
        "evidence": evidence,
        "tools": step.tools,
        "recommendation": recommendation_of(risk, evidence, inputs, missing),
        "next": next_of(plan, step),
    }
    request |= _for_inboxes(step, agent, request)
    return {**request, "digest": sha256_json(request)}


def first_form(plan: WorkflowPlan, step: WorkflowStep) -> dict[str, Any]:
    """What version 1 showed: a thread that was paused under it kept no request of its own."""
    description = f"{step.agent} wants to do step {step.step_id}: {step.question}"
    digest = sha256_json({"step": step.model_dump(mode="json"), "plan": plan.digest()})
    return {
        "action_requests": [_action(step, description)],
        "review_configs": [{"action_name": step.agent, "allowed_decisions": list(ALLOWED)}],
        "step_id": step.step_id,
        "agent_id": step.agent,
        "digest": digest,
    }


def _for_inboxes(
    step: WorkflowStep, agent: AgentCapability | None, request: Mapping[str, Any]
) -> dict[str, Any]:
    review = {
        "action_name": step.agent,
        "allowed_decisions": list(ALLOWED),
        "args_schema": arguments_schema(step, agent),
    }
    return {
        "action_requests": [_action(step, _description(step, request))],
        "review_configs": [review],
    }


def _action(step: WorkflowStep, description: str) -> dict[str, Any]:
    return {
        "name": step.agent,
        "args": {"question": step.question, "parameters": step.parameters},
        "description": description,
    }


def _description(step: WorkflowStep, request: Mapping[str, Any]) -> str:
    """All of it in a few lines, for inboxes that show nothing else. No words of documents are in it."""
    advice: Mapping[str, str] = request["recommendation"]
    risk: Mapping[str, Any] = request["risk"]
    lines = [
        f"{step.agent} wants to do step {step.step_id}: {step.question}",
        f"Why: {request['why']}",
        f"Impact: {request['impact']}",
        f"Risk: {risk['level']} ({'; '.join(risk['because'])})",
        f"Stands on: {_places(request['evidence'])}",
        f"We would: {advice['decision'].replace('_', ' ')} ({advice['because']})",
    ]
    return "\n\n".join(lines)


def _places(evidence: Sequence[Mapping[str, Any]]) -> str:
    places = dict.fromkeys(f"{one['agent_id']}/{one['path']}" for one in evidence)
    return ", ".join(places) or "no passage"
