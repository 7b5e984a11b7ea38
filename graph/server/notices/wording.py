"""What a notice says: enough to know that one is needed, and nothing that only the inbox should show."""

import json
from collections.abc import Mapping
from typing import Any, Final

from graph.server.notices.email import Mail

BUDGET: Final = "budget_near"
STALE: Final = "answers_stale"
_NAMES: Final = {BUDGET: "budget.near", STALE: "answers.stale"}
TOLD: Final = frozenset(
    {BUDGET, STALE, "asked", "asked_again", "warned", "escalated", "approved", "edited", "rejected", "responded",
     "revoked"}
)  # fmt: skip
LONGEST_LINE: Final = 2_000
MAILED: Final = frozenset({BUDGET, "asked", "asked_again", "warned", "escalated"})
_WORDS: Final = {
    "asked": "waits for you",
    "asked_again": "waits for you again",
    "warned": "is about to time out",
    "escalated": "was escalated",
}
_FIELDS: Final = (
    "n", "at", "kind", "approval_id", "thread_id", "run_id", "step_id", "agent_id", "actor",
    "generation", "answers", "answer_ids", "budget", "subject", "begins", "spent", "on_behalf_of", "digest", "decided_digest", "deadline", "level", "approvers",
)  # fmt: skip


def webhook_body(entry: Mapping[str, Any]) -> bytes:
    """One JSON document; arguments and passages stay with the server."""
    data = {name: entry[name] for name in _FIELDS if name in entry}
    request: Mapping[str, Any] = entry.get("request") or {}
    data |= {name: request[name] for name in ("what", "risk") if name in request}
    kind = _NAMES.get(entry["kind"]) or f"approval.{entry['kind']}"
    said = {"type": kind, "timestamp": entry["at"], "data": data}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def mail_of(entry: Mapping[str, Any], to: str, delivery: str, link: str = "") -> Mail:
    """A mail about it, with what to type, and a link that answers once where there is one."""
    if entry["kind"] == BUDGET:
        return _budget_mail(entry, to, delivery)
    request: Mapping[str, Any] = entry.get("request") or {}
    words = _WORDS.get(entry["kind"], entry["kind"])
    risk: Mapping[str, Any] = request.get("risk") or {}
    lines = [
        f"An approval {words}.",
        "",
        f"What:     {_line(request.get('what') or entry['agent_id'] or 'a question of the graph')}",
        f"Why:      {_line(request.get('why', ''))}",
        f"Impact:   {_line(request.get('impact', ''))}",
        f"Risk:     {risk.get('level', '')}",
        f"Deadline: {entry.get('deadline', 'none')}",
        "",
        f"Look:     kb approvals    (GET /approvals/{entry['approval_id']})",
        f"Answer:   kb approve {entry['approval_id']}",
        f"          kb reject {entry['approval_id']} --message '…'",
        *([f"Or here, once, and only you: {link}"] if link else []),
    ]
    subject = f"Approval {words}: step {entry['step_id']} of {entry['agent_id']}"
    return Mail(to, subject, "\n".join(lines) + "\n", delivery)


def _budget_mail(entry: Mapping[str, Any], to: str, delivery: str) -> Mail:
    whose = "" if entry["subject"] == "*" else f" of {_line(entry['subject'])}"
    lines = [
        f"A budget comes near its end: {_line(entry['budget'])}{whose}, since {_line(entry['begins'])}.",
        "",
        f"Spent:    {float(entry['spent']):.4f}",
        "Look:     kb cost    (GET /costs)",
        "Change:   its cap, in the file of LLM_PROFILES",
    ]
    subject = f"Budget near its end: {_line(entry['budget'])}"
    return Mail(to, subject, "\n".join(lines) + "\n", delivery)


def _line(said: Any) -> str:
    """People's words on one line, so that none of them looks like a line of ours."""
    return " ".join(str(said).split())[:LONGEST_LINE]
