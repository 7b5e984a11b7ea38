"""The passages that a step stands on, as a person who is asked sees them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from graph.state import Passage, Quote, StepResult

MOST: Final = 8
LONGEST_QUOTE: Final = 600


def evidence_of(inputs: Mapping[str, StepResult]) -> list[dict[str, Any]]:
    """Return what the earlier steps cite, each chunk once; without quotes, their best passages."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for result in inputs.values():
        for passage, quote in _cited(result):
            key = (passage["agent_id"], passage["chunk_id"])
            found.setdefault(key, _shown(result["step_id"], passage, quote))
    return list(found.values())[:MOST]


def _cited(result: StepResult) -> Iterator[tuple[Passage, Quote | None]]:
    passages = {(one["agent_id"], one["chunk_id"]): one for one in result["passages"]}
    quotes = [quote for claim in result["claims"] for quote in claim["quotes"]]
    for quote in quotes:
        passage = passages.get((quote["agent_id"], quote["chunk_id"]))
        if passage is not None:
            yield passage, quote
    if not quotes:
        yield from ((one, None) for one in result["passages"][:2])


def _shown(step_id: str, passage: Passage, quote: Quote | None) -> dict[str, Any]:
    words = quote["text"] if quote else passage["text"]
    return {
        "step_id": step_id,
        "agent_id": passage["agent_id"],
        "generation": passage["generation"],
        "chunk_id": passage["chunk_id"],
        "path": passage["path"],
        "title": passage["title"],
        "sha": passage["git_sha"],
        "uncommitted": passage["uncommitted"],
        "quote": words[:LONGEST_QUOTE],
        "start": quote["start"] if quote else passage["start"],
        "end": quote["end"] if quote else passage["end"],
    }
