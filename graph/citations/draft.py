"""What synthesis hands to verification, and how the verified rest is written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypedDict

from graph.citations.claims import Place, place_of
from graph.citations.disagreements import Disagreement
from graph.citations.faithfulness import WHY
from graph.state import Claim, Unsupported
from kb_contract.citation import Citation

UNSUPPORTED: Final = "No source supports this:"
_VERDICTS: Final = {
    "misattributed": "its quote stands in another passage",
    "stitched": "its quote is put together of several places",
    "altered": "its quote is not what the source says",
    "not_found": "its quote stands nowhere",
    "no_quote": "it has no quote",
}


class Draft(TypedDict):
    """An answer before its quotes are checked; plain JSON."""

    claims: list[Claim]
    conflicts: list[Disagreement]
    """What sources contradict each other in, to be shown side by side."""
    unsupported: list[Unsupported]
    """What models wrote and no quote carries."""
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
        "unsupported": [],
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
        return f"{claim['text']} {''.join(f'[{one}]' for one in self.of(claim))}".strip()

    def of(self, claim: Claim) -> list[int]:
        """Return the numbers of the citations that a claim stands on."""
        return list(dict.fromkeys(self._number(place_of(quote)) for quote in claim["quotes"]))

    def _number(self, place: Place) -> int:
        citation = self.found[place]
        key = (citation["sha"], citation["path"], citation["start"], citation["end"])
        if key not in self._numbers:
            self.citations.append(citation)
            self._numbers[key] = len(self.citations)
        return self._numbers[key]


def written_answer(
    claims: Sequence[Claim],
    conflicts: Sequence[str],
    marked: Sequence[Unsupported],
    draft: Draft,
    numbering: Numbering,
) -> str:
    """Write the answer: what answers first, then what disagrees, then what is missing."""
    said = [numbering.marked(claim) for claim in claims]
    blocks = [_listed(said), *draft["statements"], *conflicts]
    if marked:
        items = [_item(f"{one['text']} ({explained(one['why'])})") for one in marked]
        blocks.append("\n".join([UNSUPPORTED, *items]))
    blocks.append("\n".join(draft["notes"]))
    return "\n\n".join(block for block in blocks if block)


def explained(why: str) -> str:
    """Say in words why a sentence is not supported."""
    return {**_VERDICTS, **WHY}.get(why, why)  # type: ignore[dict-item]


def _listed(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else "\n".join(_item(text) for text in texts)


def _item(text: str) -> str:
    return "- " + text.replace("\n", "\n  ")
