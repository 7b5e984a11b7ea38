"""The JSON Schema of a step's arguments: shown with the request, and what an edit must fit."""

from collections.abc import Mapping
from typing import Any, Final

from graph.planning.foreign_schemas import UnusableSchema, misfits
from graph.planning.workflow_plan import AgentCapability, WorkflowStep

# Gives a schema inside of ours a root of its own, which its `#/$defs/…` are read from.
_ROOT: Final = "urn:scriptorium:arguments"


def arguments_schema(step: WorkflowStep, agent: AgentCapability | None) -> dict[str, Any]:
    """Schema of {question, parameters}; without one of the agent's, parameters are any object."""
    parameters = _of_parameters(step, agent)
    try:
        misfits(step.parameters, parameters)
    except UnusableSchema:
        parameters = {"const": step.parameters}
    return {
        "type": "object",
        "properties": {
            "question": {"type": "string", "minLength": 1, "maxLength": 20_000},
            "parameters": parameters,
        },
        "additionalProperties": False,
    }


def wrong_arguments(arguments: Mapping[str, Any], schema: Mapping[str, Any] | None) -> list[str]:
    """What does not fit, each with its place; nothing when all does."""
    if schema is None:
        return []
    try:
        return misfits(dict(arguments), dict(schema))
    except UnusableSchema as error:
        return [f"the schema of this action cannot be used: {error}"]


def _of_parameters(step: WorkflowStep, agent: AgentCapability | None) -> dict[str, Any]:
    if agent is None:
        return {"type": "object"}
    card = next((one for one in agent.tools if one.name == step.parameters.get("tool")), None)
    if card is None:
        return _rooted(agent.input_schema)
    return {
        "type": "object",
        "properties": {
            "tool": {"const": card.name},
            "arguments": _rooted(card.input_schema),
        },
        "required": ["tool"],
    }


def _rooted(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "$id": _ROOT} if schema else {"type": "object"}
