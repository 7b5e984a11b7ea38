"""What a person is asked when it cannot be told what a question wants, and how the answer is read."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from graph.classification.classifier import Classification
from graph.classification.query_type import QUERY_TYPES, QueryType
from graph.classification.spelling import fold
from kb_contract.identifiers import sha256_json

READINGS: Final[Mapping[QueryType, str]] = {
    "simple_lookup": "Look up one fact: a name, a number, a date.",
    "complex_analysis": "Compare or add up what several sources say.",
    "rag_document": "Explain what a document says, or how and why something is done.",
    "schema_discovery": "Show which data, documents, fields or topics there are.",
    "tool_operation": "Do something: change, send, calculate, or look at the running system.",
}
ASKED: Final = "asked"
ACTION: Final = "clarify_question"
# A reading that is this much less likely than the best one is not worth showing.
_WORTH_SHOWING: Final = 0.3
_MOST: Final = 3


def plausible(found: Classification) -> tuple[QueryType, ...]:
    """Readings worth showing, the likeliest first; always two at least."""
    least = found.confidence * _WORTH_SHOWING
    near: list[QueryType] = [kind for kind, chance in found.alternatives if chance >= least]
    others = near or [kind for kind, _ in found.alternatives[:1]]
    readings: list[QueryType] = [found.query_type, *others]
    return tuple(readings[:_MOST])


def clarifying_request(question: str, found: Classification) -> dict[str, Any]:
    """Ask which reading is meant, in the form of an approval that inboxes show."""
    kinds = plausible(found)
    lines = "\n".join(f"{number}. {READINGS[kind]}" for number, kind in enumerate(kinds, start=1))
    return {
        "action_requests": [
            {
                "name": ACTION,
                "args": {"question": question, "readings": list(kinds)},
                "description": f"What should be done with “{question[:200]}”?\n{lines}\n"
                "Respond with a number. Approving takes the first one.",
            }
        ],
        "review_configs": [
            {"action_name": ACTION, "allowed_decisions": ["approve", "respond", "reject"]}
        ],
        "options": [READINGS[kind] for kind in kinds],
        "step_id": "classify",
        "digest": sha256_json({"question": question, "readings": list(kinds)}),
        "agent_id": "",
    }


def chosen(answer: Any, kinds: Sequence[QueryType]) -> QueryType:
    """Read an answer in any form: a number, a name, the words of a reading, or a decision."""
    said = _said(answer)
    if said in ("approve", "accept", "true", ""):
        return kinds[0]
    if said in ("reject", "ignore", "false"):
        return kinds[1] if len(kinds) > 1 else kinds[0]
    number = said.strip(" .#)")
    if number.isdigit() and 1 <= int(number) <= len(kinds):
        return kinds[int(number) - 1]
    named: list[QueryType] = [kind for kind in QUERY_TYPES if kind in said.replace(" ", "_")]
    return named[0] if named else max(kinds, key=lambda kind: _shared(said, kind))


def _said(answer: Any) -> str:
    value: Any = answer
    if isinstance(value, Mapping) and "decisions" in value:
        value = cast("Mapping[str, Any]", value)["decisions"]
    if isinstance(value, list | tuple):
        several = cast("Sequence[Any]", value)
        value = several[0] if several else ""
    if isinstance(value, Mapping):
        decision = cast("Mapping[str, Any]", value)
        args = decision.get("args")
        said = decision.get("message") or (args if isinstance(args, str) else None)
        value = said or decision.get("type") or ""
    return fold(str(value)).strip()


def _shared(said: str, kind: QueryType) -> int:
    return len(set(said.split()) & set(fold(READINGS[kind]).replace(":", " ").split()))
