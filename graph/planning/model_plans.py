"""What a model wrote, read as a plan: bounded, checked like a stranger's, and refused in plain words."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graph.classification.query_type import QueryType
from graph.planning.own_plan import read_own_plan
from graph.planning.registry import Registry
from graph.planning.workflow_plan import MAX_STEPS, WorkflowPlan
from kb_contract.agent_manifest import ModelTier
from kb_contract.errors import BadInput
from kb_contract.text_border import clean

LONGEST_REPLY: Final = 60_000
_MOST_REASONS: Final = 6
_FENCE: Final = re.compile(r"^```(?:json)?\s*|\s*```$")


class ModelStep(BaseModel):
    """A step as a model may write it: it sets no approval and no time."""

    model_config = ConfigDict(extra="forbid")

    step_id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    agent: str = Field(max_length=64)
    capability: str = Field(max_length=32)
    question: str = Field(min_length=1, max_length=2_000)
    depends_on: list[str] = Field(default_factory=list, max_length=MAX_STEPS)
    parameters: dict[str, Any] = Field(default_factory=dict, max_length=20)
    model_tier: ModelTier | None = None
    """Only where the agent has no word of its own about it."""


class ModelPlan(BaseModel):
    """The whole of a reply."""

    model_config = ConfigDict(extra="forbid")

    steps: list[ModelStep] = Field(default_factory=list[ModelStep], max_length=MAX_STEPS)
    clarification: str | None = Field(default=None, max_length=500)


def agents_for_model(registry: Registry) -> list[dict[str, Any]]:
    """Describe who there is, and which tools each may call."""
    return [
        {
            "id": one.agent_id,
            "purpose": one.purpose[:400],
            "capabilities": list(one.capabilities),
            **({"tools": {tool.name: tool.description[:200] for tool in one.tools}} if one.tools else {}),
        }
        for one in registry.agents
    ]  # fmt: skip


def read_model_plan(
    text: str, question: str, query_type: QueryType, registry: Registry, rules: WorkflowPlan
) -> tuple[WorkflowPlan | None, list[str]]:
    """Return the plan, or why it is none; it never asks for fewer approvals than the rules do."""
    try:
        written = ModelPlan.model_validate(_json(text))
    except ValidationError as error:
        found = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        return None, found[:_MOST_REASONS]
    except ValueError as error:
        return None, [str(error)[:200]]
    if not written.steps:
        return _asking(written, question, query_type, registry, rules)
    given = {"query": question, "query_type": query_type, "steps": [_step(one, registry) for one in written.steps]}  # fmt: skip
    plan, problems = read_own_plan(given, registry)
    if plan is None:
        return None, [str(one)[:200] for one in problems[:_MOST_REASONS]]
    if rules.requires_approval and not plan.requires_approval:
        return None, ["it leaves out the change that the question asks for, and its approval"]
    said = {
        "made_by": "model",
        "reasons": ("a model planned it; its plan was checked", *plan.reasons),
    }
    return plan.model_copy(update=said), []


def _step(one: ModelStep, registry: Registry) -> dict[str, Any]:
    agent = registry.find(one.agent)
    left_out = (
        {"model_tier"} if one.model_tier is None or (agent and agent.model_tier) else set[str]()
    )
    return one.model_dump(exclude=left_out)


def _asking(
    written: ModelPlan,
    question: str,
    query_type: QueryType,
    registry: Registry,
    rules: WorkflowPlan,
) -> tuple[WorkflowPlan | None, list[str]]:
    if not (written.clarification or "").strip() or rules.requires_approval:
        return None, ["it has no steps"]
    plan = WorkflowPlan(
        query=question,
        query_type=query_type,
        shape="direct",
        clarification=" ".join((written.clarification or "").split()),
        options=rules.options,
        answerable=True,
        made_by="model",
        reasons=("a model asks the person back",),
        registry_digest=registry.digest(),
    )
    return plan, []


def _json(text: str) -> Mapping[str, Any]:
    if len(text) > LONGEST_REPLY:
        raise ValueError(f"the reply has {len(text)} characters; at most {LONGEST_REPLY}")
    try:
        found: Any = clean(json.loads(_FENCE.sub("", text.strip())))
        # Python reads and writes NaN and Infinity, which are no JSON and which Postgres refuses.
        json.dumps(found, allow_nan=False)
    except (ValueError, RecursionError, BadInput) as error:
        raise ValueError(f"the reply is no JSON ({type(error).__name__})") from error
    if not isinstance(found, dict):
        raise ValueError("the reply is no object")
    return found  # pyright: ignore[reportUnknownVariableType] - JSON
