"""Whether a step may call a tool: decided here, whoever chose it."""

from typing import Any

from graph.planning.foreign_schemas import UnusableSchema, misfits
from graph.planning.tool_card import ToolCard
from graph.ports import AgentTask
from kb_contract.errors import ToolRefused


def permitted(task: AgentTask, tool: str) -> ToolCard:
    """Return the tool's card, or say which lock is closed."""
    card = next((one for one in task.agent.tools if one.name == tool), None)
    if card is None:
        have = ", ".join(one.name for one in task.agent.tools) or "none"
        raise ToolRefused(
            f"{task.agent.agent_id} may not call {tool!r}", where=f"step {task.step_id}",
            cure=f"its tools now: {have}; its allow-list is `tools` in agent.yaml",
        )  # fmt: skip
    planned = task.tools.get(tool)
    if planned is None:
        raise ToolRefused(
            f"the plan does not grant {tool!r} to this step", where=f"step {task.step_id}",
            cure="ask again, so that a new plan is made",
        )  # fmt: skip
    if planned != card.fingerprint:
        raise ToolRefused(
            "the tool is not what it was when the plan was made", where=tool,
            cure="ask again, so that a new plan is made",
        )  # fmt: skip
    if card.changes and not task.approved:
        raise ToolRefused(
            "it may change something, and nobody approved this call", where=tool,
            cure="plan it as a step with the capability 'action', tool and arguments in its parameters",
        )  # fmt: skip
    return card


def checked_arguments(card: ToolCard, arguments: dict[str, Any]) -> dict[str, Any]:
    """Refuse arguments that the tool's own schema refuses: it never sees them."""
    try:
        wrong = misfits(arguments, card.input_schema)
    except UnusableSchema as error:
        raise ToolRefused(
            f"its schema cannot be used: {error}", where=card.name, cure="look at the server"
        ) from error
    if wrong:
        raise ToolRefused(wrong[0], where=card.name, cure="mend the step's arguments")
    return arguments
