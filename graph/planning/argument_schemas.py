"""Whether a step's parameters are what its agent, or the tool that it names, declares."""

from collections.abc import Iterator
from typing import Any, Final

from graph.planning.workflow_plan import AgentCapability, WorkflowStep

_LARGEST_SCHEMA: Final = 20_000


def wrong_arguments(step: WorkflowStep, agent: AgentCapability) -> Iterator[str]:
    """Say what does not fit; parameters that no schema speaks of are let through."""
    named = step.parameters.get("tool")
    if named is None:
        yield from _misfits(step.parameters, agent.input_schema, "parameters")
        return
    card = next((one for one in agent.tools if one.name == named), None)
    if card is None:
        known = ", ".join(one.name for one in agent.tools) or "none"
        yield f"{agent.agent_id} may not call the tool {str(named)[:80]!r}; its tools: {known}"
        return
    given = step.parameters.get("arguments")
    if given is not None:
        yield from _misfits(given, card.input_schema, "arguments")


def _misfits(given: Any, schema: dict[str, Any], what: str) -> Iterator[str]:
    if not schema or len(str(schema)) > _LARGEST_SCHEMA:
        return
    # Plans without parameters, which most are, never pay for this import.
    from graph.planning.foreign_schemas import UnusableSchema, misfits  # noqa: PLC0415

    try:
        found = misfits(given, schema)
    except UnusableSchema as error:
        yield f"the schema of its {what} is broken: {error}"
        return
    yield from (f"{what}: {one}" for one in found)
