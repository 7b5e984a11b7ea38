"""When to ask the person instead of planning, and what to ask."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.classification.reading import read
from graph.classification.spelling import fold
from graph.planning.agent_choice import named_in
from graph.planning.operation_names import operation_details, operation_named
from graph.planning.registry import Registry
from graph.planning.sketch import Need, Sketch
from graph.planning.tool_choice import missing_arguments, tool_agent

_EMPTY_WORDS: Final = frozenset(
    [
        "it",
        "that",
        "this",
        "the",
        "thing",
        "things",
        "them",
        "those",
        "these",
        "one",
        "ones",
        "stuff",
        "something",
        "anything",
        "do",
        "does",
        "did",
        "is",
        "are",
        "was",
        "a",
        "an",
        "of",
        "about",
        "what",
        "how",
        "why",
        "and",
        "more",
        "please",
        "again",
        "same",
        "other",
        "another",
        "go",
        "on",
        "continue",
        "tell",
        "me",
        "show",
        "explain",
        "check",
        "fix",
        "help",
        "can",
        "you",
        "could",
        "would",
        "i",
        "we",
        "my",
        "for",
        "to",
        "with",
        "there",
        "here",
        "so",
        "then",
        "now",
        "any",
        "know",
        "need",
        "want",
        "like",
        "find",
        "give",
        "get",
        "run",
        "make",
        "us",
        "work",
        "works",
        "should",
        "shall",
        "must",
        "may",
        "might",
        "will",
        "be",
        "have",
        "has",
        "had",
        "just",
        "really",
        "next",
        "else",
        "happen",
        "happened",
        "issue",
        "problem",
        "question",
    ]
)
_COMPARING: Final = re.compile(
    r"\b(?:compar\w+|contrast\w*|differ\w*|between|versus|vs|against|say|says|both)\b"
)
_MOST_OPTIONS: Final = 6
_STEPS_OF_A_PART: Final = 12
_MOST_PARTS: Final = 12


@dataclass(frozen=True)
class AskedBack:
    """What a person is told instead of a plan."""

    said: str
    options: tuple[str, ...] = ()
    answerable: bool = False


def says_nothing(question: str) -> bool:
    """Tell whether nothing in the question says what it is about: "do it", "the thing"."""
    words = re.findall(r"[^\W_]+", fold(question))
    return all(word in _EMPTY_WORDS for word in words)


def compares_only(question: str) -> bool:
    """Tell whether all that it says is that things are to be compared: "compare it with it"."""
    return says_nothing(_COMPARING.sub("", fold(question)))


def topic_options(registry: Registry) -> tuple[str, ...]:
    """What a person could ask about."""
    agents = registry.by_capability("knowledge")[:_MOST_OPTIONS]
    return tuple(f"What {one.title} says about {one.purpose}"[:200] for one in agents)


def unclear(registry: Registry) -> AskedBack:
    """Ask what the question is about."""
    asked = "What is your question about? Name the thing, the document or the agent."
    return AskedBack(asked, topic_options(registry), answerable=True)


def parts_of(questions: Sequence[str]) -> tuple[str, ...]:
    """Say how something too big would be split: parts of a size that one plan can hold."""
    count = min(-(-len(questions) // _STEPS_OF_A_PART), _MOST_PARTS)
    size = -(-len(questions) // count) if count else 0
    groups = [questions[at : at + size] for at in range(0, len(questions), size or 1)]
    return tuple(
        f"Part {number} of {len(groups)}: " + _cut("; ".join(group), 160)
        for number, group in enumerate(groups, start=1)
    )


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def nobody_can(capability: str, registry: Registry) -> str:
    """Say which capability is missing, and who is there."""
    if capability == "knowledge":
        return (
            "No knowledge is live yet, so nothing can be answered from documents. Run `kb ingest`."
        )
    return (
        f"No agent has the capability {capability!r}, which this question needs. "
        f"Agents now: {registry.described()}."
    )


def possible_actions(registry: Registry) -> tuple[str, ...]:
    """Actions that the acting agents declare; none declared means that any may be tried."""
    found: list[str] = []
    for agent in registry.by_capability("action"):
        declared = agent.input_schema.get("properties", {}).get("action", {}).get("enum", ())
        found += [str(one) for one in declared]
    return tuple(found)


def action_parameters(need: Need, registry: Registry, question: str) -> dict[str, Any]:
    """Say what an action does in words that the acting agent knows, and to which agent."""
    operation = operation_named(need.question)
    if operation is None or operation not in possible_actions(registry):
        return {"action": need.verb, "object": _object(need)}
    # In "if the check of X failed, roll it back" another clause says which agent.
    named = _targets(need.question, registry) or _targets(question, registry)
    known = {"agent_id": named[0]} if len(named) == 1 else {}
    return {"action": operation, **known, **operation_details(need.question, operation)}


def impossible_action(sketch: Sketch, registry: Registry, question: str) -> AskedBack | None:
    """Say what cannot be done here, or what is missing, before a person is asked to approve it."""
    possible = possible_actions(registry)
    ids = tuple(one.agent_id for one in registry.by_capability("knowledge"))
    for need in sketch.needs:
        if need.capability != "action" or not possible:
            continue
        acting = registry.by_capability("action")
        if tool_agent(need.question, acting, changing=True):
            if lacking := missing_arguments(need.question, acting):
                return AskedBack(lacking, answerable=True)
            continue
        said = action_parameters(need, registry, question)
        if said["action"] not in possible:
            what = repr(need.verb) if need.verb else "That"
            return AskedBack(
                f"{what} cannot be done from here. What can be done: {', '.join(possible)}."
            )
        if "agent_id" not in said:
            return AskedBack("The knowledge of which agent?", ids[:_MOST_OPTIONS], answerable=True)
    return None


def _targets(question: str, registry: Registry) -> list[str]:
    agents = registry.by_capability("knowledge")
    named = [one.agent_id for one in named_in(question, agents)]
    words = set(re.findall(r"[a-z0-9_-]+", fold(question)))
    named += [one.agent_id for one in agents if one.agent_id in words and one.agent_id not in named]
    if not named:
        named = [one.agent_id for one in agents if _called(one.agent_id, question)]
    return named if named or len(agents) > 1 else [one.agent_id for one in agents]


def _called(agent_id: str, question: str) -> bool:
    """Tell whether the agent is called by the first word of its id: "the postgres agent"."""
    first = re.escape(re.split(r"[_-]", agent_id)[0])
    return bool(
        re.search(rf"\b{first}(?:'s)?\s+(?:agent|knowledge|ingestion|collection)\b", fold(question))
    )


def _object(need: Need) -> str:
    words = read(need.question).clauses[0].text.strip(" .?!")
    at = fold(words).find(need.verb)
    return words[at + len(need.verb) :].strip() if at >= 0 else words
