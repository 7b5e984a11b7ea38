"""Which sentences of an answer stand on which citations, and which stand on none."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from graph.citations.draft import Numbering
from graph.retrieval.sentences import units
from graph.state import Claim, Unsupported

Policy = Literal["drop", "mark"]


def coverage(
    claims: Iterable[Claim],
    statements: Sequence[str],
    unsupported: Sequence[Unsupported],
    numbering: Numbering,
    *,
    policy: Policy,
) -> dict[str, Any]:
    """Write it down as JSON; what a policy leaves out is counted and not repeated.

    Statements (rows, figures, what was done) stand on no document, so they are listed and not counted.
    """
    sentences = [one for claim in claims for one in _of_claim(claim, numbering)]
    shown = unsupported if policy == "mark" else ()
    supported = len(sentences)
    sentences += [
        {
            "text": one["text"],
            "kind": "unsupported",
            "supported": False,
            "citations": [],
            "why": one["why"],
        }
        for one in shown
    ]
    total = len(sentences)
    sentences += [
        {
            "text": one,
            "kind": "statement",
            "supported": False,
            "citations": [],
            "why": "no_document",
        }
        for one in statements
    ]
    left_out = Counter(one["why"] for one in unsupported) if policy == "drop" else Counter[str]()
    return {
        "sentences": sentences,
        "total": total,
        "supported": supported,
        "left_out": dict(left_out),
        "policy": policy,
    }


def _of_claim(claim: Claim, numbering: Numbering) -> list[dict[str, Any]]:
    numbers, text = numbering.of(claim), claim["text"]
    return [
        {"text": one.of(text), "kind": "claim", "supported": True, "citations": numbers}
        for one in units(text)
    ]
