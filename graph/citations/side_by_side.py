"""Shows what sources contradict each other in: both quotes, dates, versions and owners."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graph.citations.claims import place_of
from graph.citations.disagreements import ConflictRule, Decision, Disagreement, decided
from graph.citations.draft import Numbering
from graph.citations.readable import plain
from graph.citations.support import ChunkKey, chunk_of
from graph.state import Claim, Passage, SourceFacts
from kb_contract.citation import Citation


@dataclass(frozen=True)
class SideBySide:
    """Writes a disagreement for people, and the same as JSON; it never chooses but by its rule."""

    passages: Mapping[ChunkKey, Passage]
    numbering: Numbering
    rule: ConflictRule
    now: datetime

    def __call__(self, group: Disagreement) -> tuple[str, dict[str, Any]]:
        facts = [self._facts(claim) for claim in group["sides"]]
        decision = decided(facts, self.rule, self.now)
        lines = ["The sources differ:"]
        sides: list[dict[str, Any]] = []
        for claim, value, known in zip(group["sides"], group["values"], facts, strict=True):
            citation = self.numbering.found[place_of(claim["quotes"][0])]
            said = (
                f"{citation['agent_id']}: {self.numbering.marked(claim)}{_about(citation, known)}"
            )
            lines.append("- " + said.replace("\n", "\n  "))
            sides.append(_side(claim, value, citation, known, self.numbering.of(claim)))
        if decision:
            lines.append(_by_rule(decision, sides))
        return "\n".join(lines), {"kind": group["kind"], "sides": sides, "decided": decision}

    def _facts(self, claim: Claim) -> SourceFacts | None:
        passage = self.passages.get(chunk_of(claim["quotes"][0]))
        return passage.get("source") if passage else None


def _about(citation: Citation, facts: SourceFacts | None) -> str:
    said = [] if facts is None else [
        *([f"version {facts['version']}"] if facts["version"] else []),
        *([f"effective {facts['effective'][:10]}"] if facts["effective"] else []),
        *([f"owned by {', '.join(facts['owners'])}"] if facts["owners"] else []),
    ]  # fmt: skip
    return f" ({plain(', '.join([citation['title'], *said]))})" if said else ""


def _side(
    claim: Claim, value: str, citation: Citation, facts: SourceFacts | None, numbers: list[int]
) -> dict[str, Any]:
    place = ("quote", "agent_id", "path", "title", "sha", "generation", "start", "end")
    own: dict[str, Any] = {name: citation[name] for name in place}
    return {
        "says": claim["text"], "value": value, "citations": numbers, **own,
        "version": facts["version"] if facts else None,
        "effective": facts["effective"] if facts else None,
        "expires": facts["expires"] if facts else None,
        "owners": facts["owners"] if facts else [],
    }  # fmt: skip


def _by_rule(decision: Decision, sides: list[dict[str, Any]]) -> str:
    side = sides[decision["side"]]
    return (
        f"By the rule {decision['rule']!r}, what {plain(side['title'])} says holds: "
        f"{plain(decision['because'])}."
    )
