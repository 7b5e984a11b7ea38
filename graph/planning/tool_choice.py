"""Which tool a question asks for, and with which arguments: by its words, without a model."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from graph.classification.spelling import fold
from graph.planning.tool_card import ToolCard
from graph.planning.workflow_plan import AgentCapability

ENOUGH: Final = 2
_LOOKED_AT: Final = 300
_COMMON: Final = frozenset(
    re.findall(
        r"\w+",
        "the and for with from that this what which how who when where why are was does did can about into"
        " your our you its their them all any one two tool tools get gets give gives show tell returns return"
        " use used using will would should please current now given name value of in to by on is it an me my",
    )
)


def best_tool(question: str, cards: Sequence[ToolCard]) -> ToolCard | None:
    """Return the tool whose name and description share most words with the question."""
    asked = _words(question)
    scored = [(_score(asked, one), one) for one in cards]
    best = max((score for score, _ in scored), default=0)
    found = [one for score, one in scored if score == best]
    return found[0] if best >= ENOUGH and len(found) == 1 else None


def tool_agent(
    question: str, able: Sequence[AgentCapability], *, changing: bool
) -> AgentCapability | None:
    """Return the agent with the tool that a question asks for; None when no tool fits."""
    # Of several agents that may call a tool, the first is meant.
    owners = {
        card.name: (card, agent)
        for agent in reversed(able)
        for card in usable(agent, changing=changing)
    }
    chosen = best_tool(question, [card for card, _ in owners.values()])
    return owners[chosen.name][1] if chosen else None


def calling_agents(
    question: str, able: Sequence[AgentCapability], *, changing: bool
) -> tuple[AgentCapability, ...]:
    """Return who does a step that reads live state or changes something: a tool's owner, or ours."""
    chosen = tool_agent(question, able, changing=changing)
    # Whoever has tools is there for them; what no tool fits is for the agent that has none.
    return (chosen,) if chosen else tuple(sorted(able, key=lambda one: bool(one.tools)))[:1]


def missing_arguments(question: str, able: Sequence[AgentCapability]) -> str | None:
    """Say what a call that changes something lacks; None when it lacks nothing, or no tool fits."""
    agent = tool_agent(question, able, changing=True)
    if agent is None or tool_parameters(question, agent, changing=True):
        return None
    card = best_tool(question, usable(agent, changing=True))
    needs = ", ".join(map(str, card.input_schema.get("required") or ())) if card else ""
    return f"{card.name if card else agent.title} needs {needs}: say each as name=value, please."


def usable(agent: AgentCapability, *, changing: bool) -> tuple[ToolCard, ...]:
    """Tools of an agent that read, or those that change something."""
    return tuple(one for one in agent.tools if one.changes is changing)


def tool_parameters(question: str, agent: AgentCapability, *, changing: bool) -> dict[str, Any]:
    """Say which tool is called with what; nothing when the question does not say all of it."""
    card = best_tool(question, usable(agent, changing=changing))
    arguments = arguments_in(question, card) if card else None
    return {} if card is None or arguments is None else {"tool": card.name, "arguments": arguments}


def arguments_in(question: str, card: ToolCard) -> dict[str, Any] | None:
    """Read the arguments out of a question: as JSON, as `name=value`, or what is left to be meant."""
    if (given := _as_json(question)) is not None:
        return given
    properties = cast("Mapping[str, Any]", card.input_schema.get("properties") or {})
    required = [str(one) for one in card.input_schema.get("required") or ()]
    found = {
        name: value
        for name, about in properties.items()
        if (value := _named_value(question, name, about)) is not None
    }
    missing = [one for one in required if one not in found]
    if len(missing) == 1:
        value = _only_value(question, properties.get(missing[0]) or {})
        found |= {} if value is None else {missing[0]: value}
    return found if all(one in found for one in required) else None


def _as_json(question: str) -> dict[str, Any] | None:
    start = question.find("{")
    if start < 0:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(question[start:])
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _named_value(question: str, name: str, about: Mapping[str, Any]) -> Any:
    spoken = re.escape(name).replace("_", r"[_\s]")
    said = re.search(rf"\b{spoken}\s*[=:]\s*(\"[^\"]*\"|'[^']*'|[^\s,;]+)", question, re.IGNORECASE)
    if said:
        return _typed(said[1].strip("\"'"), about)
    choices = [str(one) for one in about.get("enum") or ()]
    return next((one for one in choices if re.search(rf"\b{re.escape(one)}\b", question)), None)


def _only_value(question: str, about: Mapping[str, Any]) -> Any:
    """Find the one thing that must be said: a quoted text, a number, or what follows `for` or `in`."""
    if about.get("type") in {"integer", "number"}:
        numbers = re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\d)", question)
        return _typed(numbers[0], about) if len(numbers) == 1 else None
    if about.get("type", "string") != "string":
        return None
    quoted = re.search(r"[\"“«']([^\"”»']{1,2000})[\"”»']", question)
    if quoted:
        return quoted[1]
    object_ = re.search(r"\b(?:for|in|at|of|about|on|from)\s+([^?!.,;]{1,200})[?!.]*\s*$", question)
    return object_[1].strip() if object_ else None


def _typed(text: str, about: Mapping[str, Any]) -> Any:
    kind = about.get("type")
    try:
        if kind == "integer":
            return int(text)
        if kind == "number":
            return float(text)
    except ValueError:
        return None
    if kind == "boolean":
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower())
    return text


def _score(asked: set[str], card: ToolCard) -> int:
    name = _words(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", card.name.partition("/")[2]))
    return 2 * len(asked & name) + len((asked & _words(card.description[:_LOOKED_AT])) - name)


def _words(text: str) -> set[str]:
    words = re.findall(r"[^\W_]+", fold(text))
    return {
        word.removesuffix("s").removesuffix("e")
        for word in words
        if len(word) > 2 and word not in _COMMON
    }
