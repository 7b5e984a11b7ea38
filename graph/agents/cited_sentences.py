"""Finds the words of passages that a text rests on; nothing else of it can be cited."""

import re
from collections.abc import Sequence
from typing import Final

from graph.citations.claims import quote_of
from graph.citations.quotes import locate
from graph.citations.readable import plain
from graph.citations.support import Known, key_of, supported
from graph.retrieval.sentences import Unit, units
from graph.retrieval.terms import terms
from graph.state import Claim, Passage, Quote

SHORTEST: Final = 12
_MARKER: Final = re.compile(r"\s*\[(\d{1,3})\]")
_LEADING: Final = re.compile(r"\s*(?:\[\d{1,3}\]\s*)+[.]?")


def cited_claims(text: str, passages: Sequence[Passage]) -> tuple[list[Claim], list[str]]:
    """Return the sentences that stand on a passage, each with its quote, and those that do not."""
    claims: list[Claim] = []
    rest: list[str] = []
    for sentence in _sentences(text):
        claim = _claim(sentence, passages)
        if claim:
            claims.append(claim)
        else:
            rest.append(_MARKER.sub("", sentence).strip())
    return claims, [one for one in rest if one]


def _claim(sentence: str, passages: Sequence[Passage]) -> Claim | None:
    said = plain(_MARKER.sub("", sentence))
    quotes = _marked(sentence, said, passages) or _verbatim(said, passages)
    claim: Claim = {"text": said, "quotes": quotes}
    known = Known({key_of(one): one for one in passages})
    return claim if quotes and not supported(claim, known)[1] else None


def _marked(sentence: str, said: str, passages: Sequence[Passage]) -> list[Quote]:
    """Quote, of each passage that the sentence names, the sentence that shares most words with it."""
    numbers = [int(found) for found in _MARKER.findall(sentence)]
    named = [passages[one - 1] for one in dict.fromkeys(numbers) if 0 < one <= len(passages)]
    nearest = ((one, _nearest(said, one)) for one in named)
    return [quote_of(one, unit.start, unit.end) for one, unit in nearest if unit]


def _nearest(said: str, passage: Passage) -> Unit | None:
    wanted = terms(said)
    shared = [(len(wanted & terms(one.of(passage["text"]))), one) for one in units(passage["text"])]
    best, unit = max(shared, key=lambda pair: pair[0], default=(0, None))
    return unit if best else None


def _verbatim(said: str, passages: Sequence[Passage]) -> list[Quote]:
    if len(said) < SHORTEST:
        return []
    for passage in passages:
        if place := locate(said.rstrip(".!? "), passage["text"]):
            return [quote_of(passage, *place)]
    return []


def _sentences(text: str) -> list[str]:
    """Split a text into its sentences; a marker belongs to the sentence before it."""
    joined: list[str] = []
    for unit in units(text):
        one = unit.of(text)
        markers = _LEADING.match(one)
        if joined and markers:
            joined[-1] += f" {markers[0].strip()}"
            one = one[markers.end() :]
        if one.strip(" .\n"):
            joined.append(one)
    return joined
