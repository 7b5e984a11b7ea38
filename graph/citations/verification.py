"""Turns quotes into citations; a quote that does not stand in the ledger becomes none."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graph.citations.claims import Place, place_of
from graph.citations.quotes import Verdict, check, whole_words
from graph.citations.support import ChunkKey, chunk_of, key_of
from graph.ports import KnowledgeReader
from graph.state import Claim, Passage, Quote, StepResult
from kb_contract.citation import Citation


@dataclass(frozen=True)
class Verified:
    """What of the claims stands, and how the rest failed."""

    claims: list[Claim]
    """Only those with a quote that stands; each keeps only such quotes."""
    citations: Mapping[Place, Citation]
    failed: Counter[Verdict]
    dropped: list[tuple[Claim, Verdict]]
    """Claims of which no quote stands, and how the first of them failed."""
    passages: Mapping[ChunkKey, Passage]
    """What was looked at, as the ledger has it."""


@dataclass(frozen=True)
class Verification:
    """Checks quotes against the ledger's text of the generation that they name."""

    reader: KnowledgeReader

    async def __call__(self, claims: Sequence[Claim], results: Iterable[StepResult]) -> Verified:
        retrieved = {key_of(one): one for result in results for one in result["passages"]}
        quotes = [quote for claim in claims for quote in claim["quotes"]]
        # What no step of this plan retrieved is not looked up at all: a claim may not reach further.
        wanted = {chunk_of(quote) for quote in quotes} & set(retrieved)
        stored = await self._stored(wanted)
        citations: dict[Place, Citation] = {}
        failed: dict[Place, Verdict] = {}
        for place, quote in {place_of(one): one for one in quotes}.items():
            verdict, citation = _checked(quote, stored, retrieved)
            if citation:
                citations[place] = citation
            else:
                failed[place] = verdict
        kept = [_standing(claim, citations) for claim in claims]
        pairs = list(zip(claims, kept, strict=True))
        return Verified(
            claims=[one for one in kept if one["quotes"]],
            citations=_joined(citations, stored),
            failed=Counter(failed.values()),
            dropped=[(claim, _why(claim, failed)) for claim, one in pairs if not one["quotes"]],
            passages=stored,
        )

    async def _stored(self, wanted: Iterable[ChunkKey]) -> dict[ChunkKey, Passage]:
        keys = sorted(wanted)
        passages = await asyncio.gather(*(self.reader.chunk_text(*key) for key in keys))
        return {key: one for key, one in zip(keys, passages, strict=True) if one}


def _checked(
    quote: Quote, stored: Mapping[ChunkKey, Passage], retrieved: Mapping[ChunkKey, Passage]
) -> tuple[Verdict, Citation | None]:
    passage = stored.get(chunk_of(quote))
    if passage is None:
        return "not_found", None
    start, end = quote["start"] - passage["start"], quote["end"] - passage["start"]
    if not _stands_at(quote["text"], passage["text"], start, end):
        others = [one["text"] for key, one in stored.items() if key != chunk_of(quote)]
        found = check(quote["text"], passage["text"], others)
        if found.verdict != "found":
            return found.verdict, None
        start, end = found.start, found.end
    return "found", _citation(passage, start, end, retrieved[chunk_of(quote)]["score"])


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
    return {**claim, "quotes": quotes}


def _why(claim: Claim, failed: Mapping[Place, Verdict]) -> Verdict:
    for quote in claim["quotes"]:
        return failed[place_of(quote)]
    return "not_found"


def _joined(
    citations: Mapping[Place, Citation], stored: Mapping[ChunkKey, Passage]
) -> dict[Place, Citation]:
    """Make one citation of those that overlap in one passage, so that nobody reads it twice."""
    ranges: dict[ChunkKey, list[tuple[int, int]]] = {}
    for one in sorted(citations.values(), key=lambda citation: citation["start"]):
        known = ranges.setdefault(_chunk(one), [])
        if known and one["start"] < known[-1][1]:
            known[-1] = (known[-1][0], max(known[-1][1], one["end"]))
        else:
            known.append((one["start"], one["end"]))
    return {
        place: _widened(one, ranges[_chunk(one)], stored[_chunk(one)])
        for place, one in citations.items()
    }


def _widened(citation: Citation, ranges: Sequence[tuple[int, int]], passage: Passage) -> Citation:
    start, end = next(one for one in ranges if one[0] <= citation["start"] < one[1])
    text = passage["text"][start - passage["start"] : end - passage["start"]]
    return {**citation, "quote": text, "start": start, "end": end}


def _chunk(citation: Citation) -> ChunkKey:
    return (citation["agent_id"], citation["generation"], citation["chunk_id"])
