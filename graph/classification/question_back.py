"""How a person is asked what is meant: the form that inboxes show, and how an answer to it is read."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from graph.classification.spelling import fold
from kb_contract.identifiers import sha256_json

ACTION: Final = "clarify_question"
_APPROVES: Final = frozenset({"approve", "accept", "true", ""})
_REJECTS: Final = frozenset({"reject", "ignore", "false"})


def question_back(
    asks: str, options: Sequence[str], args: Mapping[str, Any], *, step_id: str, how: str
) -> dict[str, Any]:
    """Ask with numbered options, in the form of an approval."""
    lines = [f"{number}. {one}" for number, one in enumerate(options, start=1)]
    return {
        "action_requests": [
            {"name": ACTION, "args": dict(args), "description": "\n".join([asks, *lines, how])}
        ],
        "review_configs": [
            {"action_name": ACTION, "allowed_decisions": ["approve", "respond", "reject"]}
        ],
        "options": list(options),
        "step_id": step_id,
        "digest": sha256_json(dict(args)),
        "agent_id": "",
    }


def words_of(answer: Any) -> str:
    """Return what was said, in whichever form it came; a bare decision is its name."""
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
    return str(value).strip()


def approves(words: str) -> bool:
    """Tell whether the person takes what comes first."""
    return fold(words) in _APPROVES


def rejects(words: str) -> bool:
    """Tell whether the person wants none of it, or not the first."""
    return fold(words) in _REJECTS


def numbered(words: str, count: int) -> int | None:
    """Return the place of the option whose number was said."""
    number = fold(words).strip(" .#)")
    return int(number) - 1 if number.isdigit() and 1 <= int(number) <= count else None


def asked_back(approvals: Sequence[Mapping[str, Any]]) -> str:
    """Return what a person is asked to say; nothing when anything is to be allowed as well."""
    said = [_asked(one.get("request")) for one in approvals]
    return "\n\n".join(said) if all(said) else ""


def _asked(request: Any) -> str:
    match request:
        case {"action_requests": [{"name": name, "description": str(said)}]} if name == ACTION:
            return said
        case _:
            return ""
