"""Turns quotes into citations; a quote that does not stand in the ledger becomes none."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graph.citations.claims import Place, place_of
from graph.citations.quotes import Verdict, check, whole_words
from graph.ports import KnowledgeReader
from graph.state import Citation, Claim, Passage, Quote, StepResult

ChunkKey = tuple[str, int, str]


@dataclass(frozen=True)
class Verified:
    """What of the claims stands, and how the rest failed."""

    claims: list[Claim]
    """Only those with a quote that stands; each keeps only such quotes."""
    citations: Mapping[Place, Citation]
    failed: Counter[Verdict]
    dropped: list[Claim]


@dataclass(frozen=True)
class Verification:
    """Checks quotes against the ledger's text of the generation that they name."""

    reader: KnowledgeReader

    async def __call__(self, claims: Sequence[Claim], results: Iterable[StepResult]) -> Verified:
        retrieved = {_key(one): one for result in results for one in result["passages"]}
        quotes = [quote for claim in claims for quote in claim["quotes"]]
        # What no step of this plan retrieved is not looked up at all: a claim may not reach further.
        wanted = {_chunk(quote) for quote in quotes} & set(retrieved)
        stored = await self._stored(wanted)
        citations: dict[Place, Citation] = {}
        failed: Counter[Verdict] = Counter()
        for place, quote in {place_of(one): one for one in quotes}.items():
            verdict, citation = _checked(quote, stored, retrieved)
            if citation:
                citations[place] = citation
            else:
                failed[verdict] += 1
        kept = [_standing(claim, citations) for claim in claims]
        dropped = [claim for claim, one in zip(claims, kept, strict=True) if not one["quotes"]]
        return Verified([one for one in kept if one["quotes"]], citations, failed, dropped)

    async def _stored(self, wanted: Iterable[ChunkKey]) -> dict[ChunkKey, Passage]:
        keys = sorted(wanted)
        passages = await asyncio.gather(*(self.reader.chunk_text(*key) for key in keys))
        return {key: one for key, one in zip(keys, passages, strict=True) if one}


def _checked(
    quote: Quote, stored: Mapping[ChunkKey, Passage], retrieved: Mapping[ChunkKey, Passage]
) -> tuple[Verdict, Citation | None]:
    passage = stored.get(_chunk(quote))
    if passage is None:
        return "not_found", None
    start, end = quote["start"] - passage["start"], quote["end"] - passage["start"]
    if not _stands_at(quote["text"], passage["text"], start, end):
        others = [one for key, one in stored.items() if key != _chunk(quote)]
        found = check(quote["text"], passage, others)
        if found.verdict != "found":
            return found.verdict, None
        start, end = found.start, found.end
    return "found", _citation(passage, start, end, retrieved[_chunk(quote)]["score"])


def _stands_at(quote: str, text: str, start: int, end: int) -> bool:
    same = 0 <= start < end and text[start:end] == quote and bool(quote.strip())
    return same and whole_words(text, start, end)


def _citation(passage: Passage, start: int, end: int, score: float) -> Citation:
    return {
        "quote": passage["text"][start:end],
        "path": passage["path"],
        "sha": passage["git_sha"],
        "start": passage["start"] + start,
        "end": passage["start"] + end,
        "agent_id": passage["agent_id"],
        "chunk_id": passage["chunk_id"],
        "generation": passage["generation"],
        "run_id": passage["dagster_run_id"],
        "score": score,
        "heading_path": passage["heading_path"],
        "page": passage["page"],
        "title": passage["title"],
        "uncommitted": passage["uncommitted"],
    }


def _standing(claim: Claim, citations: Mapping[Place, Citation]) -> Claim:
    quotes = [quote for quote in claim["quotes"] if place_of(quote) in citations]
    return {"text": claim["text"], "quotes": quotes}


def _key(passage: Passage) -> ChunkKey:
    return (passage["agent_id"], passage["generation"], passage["chunk_id"])


def _chunk(quote: Quote) -> ChunkKey:
    return (quote["agent_id"], quote["generation"], quote["chunk_id"])
