"""What synthesis hands to verification, and how the verified rest is written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from graph.citations.claims import Place, place_of
from graph.state import Citation, Claim


class Draft(TypedDict):
    """An answer before its quotes are checked; plain JSON."""

    claims: list[Claim]
    conflicts: list[list[Claim]]
    """Claims that contradict each other, to be shown side by side."""
    statements: list[str]
    """What steps said that stands on no document: rows, figures, what was done."""
    notes: list[str]
    """What is missing, and why."""
    complete: bool
    """Whether every step that had to bring something did."""
    nothing: str
    """What to say, and with which status, when nothing stands."""
    nothing_status: str


def empty_draft() -> Draft:
    """Return a draft that says nothing."""
    return {
        "claims": [],
        "conflicts": [],
        "statements": [],
        "notes": [],
        "complete": True,
        "nothing": "I found nothing about this.",
        "nothing_status": "refused",
    }


@dataclass
class Numbering:
    """Numbers citations in the order in which the text needs them; one passage, one number."""

    found: Mapping[Place, Citation]
    citations: list[Citation] = field(default_factory=list[Citation])
    _numbers: dict[tuple[str, str, int, int], int] = field(
        default_factory=dict[tuple[str, str, int, int], int]
    )

    def marked(self, claim: Claim) -> str:
        """Return the claim's text with its numbers."""
        numbers = dict.fromkeys(self._number(place_of(quote)) for quote in claim["quotes"])
        return f"{claim['text']} {''.join(f'[{number}]' for number in numbers)}".strip()

    def _number(self, place: Place) -> int:
        citation = self.found[place]
        key = (citation["sha"], citation["path"], citation["start"], citation["end"])
        if key not in self._numbers:
            self.citations.append(citation)
            self._numbers[key] = len(self.citations)
        return self._numbers[key]


def written_answer(
    claims: Sequence[Claim],
    conflicts: Sequence[Sequence[Claim]],
    draft: Draft,
    numbering: Numbering,
) -> str:
    """Write the answer: what answers first, then what disagrees, then what is missing."""
    said = [numbering.marked(claim) for claim in claims]
    blocks = [_listed(said), *draft["statements"]]
    for group in conflicts:
        sides = [f"{_agent(claim)}: {numbering.marked(claim)}" for claim in group]
        blocks.append("\n".join(["The sources differ:", *(_item(side) for side in sides)]))
    blocks.append("\n".join(draft["notes"]))
    return "\n\n".join(block for block in blocks if block)


def _listed(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else "\n".join(_item(text) for text in texts)


def _item(text: str) -> str:
    return "- " + text.replace("\n", "\n  ")


def _agent(claim: Claim) -> str:
    return ", ".join(dict.fromkeys(quote["agent_id"] for quote in claim["quotes"]))
