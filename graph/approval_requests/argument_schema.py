"""The JSON Schema of a step's arguments: shown with the request, and what an edit must fit."""

from collections.abc import Mapping
from typing import Any, Final, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from graph.planning.workflow_plan import AgentCapability, WorkflowStep

MOST_SAID: Final = 5
LONGEST_SAID: Final = 300
# A tool's server writes its schema: a regular expression of its making could keep us busy for ever.
_LEFT_OUT: Final = frozenset({"pattern", "patternProperties"})


def arguments_schema(step: WorkflowStep, agent: AgentCapability | None) -> dict[str, Any]:
    """Schema of {question, parameters}; without one of the agent's, parameters are any object."""
    parameters = _without_patterns(_of_parameters(step, agent))
    try:
        Draft202012Validator.check_schema(parameters)
    except SchemaError:
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
    # A registry of our own, since the usual one fetches what `$ref` names from the network.
    registry: Registry[Any] = Registry()
    validator = Draft202012Validator(dict(schema), registry=registry)
    try:
        found: list[ValidationError] = list(validator.iter_errors(dict(arguments)))
    except Unresolvable as error:
        return [f"the schema of this action refers to {error.ref!r}, which is not in it"]
    except RecursionError:
        return ["the arguments, or their schema, are nested too deep"]
    return [_said(one) for one in found[:MOST_SAID]]


def _of_parameters(step: WorkflowStep, agent: AgentCapability | None) -> dict[str, Any]:
    if agent is None:
        return {"type": "object"}
    card = next((one for one in agent.tools if one.name == step.parameters.get("tool")), None)
    if card is None:
        return agent.input_schema or {"type": "object"}
    return {
        "type": "object",
        "properties": {
            "tool": {"const": card.name},
            "arguments": card.input_schema or {"type": "object"},
        },
        "required": ["tool"],
    }


def _without_patterns(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        fields = cast("Mapping[str, Any]", schema)
        return {
            name: _without_patterns(one)
            for name, one in fields.items()
            if name not in _LEFT_OUT or not isinstance(one, str | Mapping)
        }
    if isinstance(schema, list):
        return [_without_patterns(one) for one in cast("list[Any]", schema)]
    return schema


def _said(error: ValidationError) -> str:
    place = ".".join(str(part) for part in error.absolute_path) or "args"
    return f"{place}: {error.message}"[:LONGEST_SAID]
