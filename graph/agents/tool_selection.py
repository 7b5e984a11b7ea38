"""Which tool a step calls: what the plan says, else what its question says, else what a model says."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graph.agents.tool_permission import checked_arguments
from graph.citations.model_claims import prompt
from graph.planning.tool_card import ToolCard
from graph.planning.tool_choice import arguments_in, best_tool
from graph.ports import AgentTask, ChatModel, NoAnswer
from graph.state import Usage
from kb_contract.errors import ToolRefused
from kb_contract.written_json import problem_of, read_json

DEADLINE: Final = 30.0
MOST_SHOWN: Final = 40


@dataclass(frozen=True)
class Selected:
    """A tool with its arguments; no tool says why there is none."""

    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    why_not: str = ""
    usage: tuple[Usage, ...] = ()


class _Chosen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    tool: str | None = Field(max_length=200)
    arguments: dict[str, Any] = Field(default_factory=dict)


async def selected(task: AgentTask, model: ChatModel | None) -> Selected:
    """Choose; without a person's word only tools that read can be chosen."""
    said = task.parameters.get("tool")
    if isinstance(said, str) and said:
        return _as_said(task, said)
    cards = [one for one in task.agent.tools if not one.changes and one.name in task.tools]
    if not cards:
        return Selected(why_not=_none(task))
    if model is not None:
        return await _by_model(task, model, cards[:MOST_SHOWN])
    card = best_tool(task.question, cards) if len(cards) > 1 else cards[0]
    arguments = arguments_in(task.question, card) if card else None
    if card is None or arguments is None:
        return Selected(why_not=_unclear(cards))
    return Selected(card.name, arguments)


def _as_said(task: AgentTask, tool: str) -> Selected:
    given = task.parameters.get("arguments")
    if isinstance(given, dict):
        return Selected(tool, cast("dict[str, Any]", given))
    card = next((one for one in task.agent.tools if one.name == tool), None)
    # What changes something is called with what the person saw, and with nothing read out of words.
    found = arguments_in(task.question, card) if card and not card.changes else None
    return Selected(tool, found or {})


def _none(task: AgentTask) -> str:
    changing = [one.name for one in task.agent.tools if one.changes]
    if changing:
        return (
            "Nothing was done: these tools may change something, so the request must say which one "
            f"and with which arguments: {', '.join(changing)}."
        )
    return f"{task.agent.title} has no tool that can be called now; `kb doctor` says why."


def _unclear(cards: Sequence[ToolCard]) -> str:
    shown = "; ".join(f"{one.name} ({_needs(one)})" for one in cards[:10])
    return f"Nothing was called: which tool, and with which arguments? There are: {shown}."


def _needs(card: ToolCard) -> str:
    return ", ".join(map(str, card.input_schema.get("required") or ())) or "no arguments"


async def _by_model(task: AgentTask, model: ChatModel, cards: Sequence[ToolCard]) -> Selected:
    """Let it choose; what cannot be called is said to it once."""

    def check(text: str) -> str:
        try:
            _read(text, cards)
        except ValidationError as error:
            return problem_of(_Chosen, error)
        except ToolRefused as error:
            return str(error).splitlines()[0][:300]
        return ""

    try:
        written = await model.write(
            system=prompt("tools"),
            user=_shown(task.question, cards),
            tier=task.model_tier,
            deadline=DEADLINE,
            check=check,
        )
    except NoAnswer as error:
        return Selected(why_not=f"Nothing was called: {error.what}.", usage=error.usage)
    return replace(_read(written.text, cards), usage=written.usage)


def _read(text: str, cards: Sequence[ToolCard]) -> Selected:
    chosen = read_json(_Chosen, text)
    if chosen.tool is None:
        return Selected(why_not=_unclear(cards))
    card = next((one for one in cards if one.name == chosen.tool), None)
    if card is None:
        raise ToolRefused(f"there is no tool {chosen.tool!r} in the list")
    return Selected(card.name, checked_arguments(card, chosen.arguments))


def _shown(question: str, cards: Sequence[ToolCard]) -> str:
    """Fence what servers wrote with a mark that they cannot know."""
    mark = f"tools-{secrets.token_hex(4)}"
    lines = [
        json.dumps(
            {"tool": one.name, "does": one.description, "schema": one.input_schema},
            ensure_ascii=False,
        )
        for one in cards
    ]
    return "\n".join(
        [f"<{mark}>", *lines, f"</{mark}>", f"<question-{mark}>", question, f"</question-{mark}>"]
    )
