"""Which sentences of the passages answer the question."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graph.ports import QueryEmbedder
from graph.retrieval.sentences import Unit, units
from graph.retrieval.terms import asked_terms, terms
from graph.state import Passage
from kb_contract.codes import are_of_others, code_words, codes_in, names_none

MEANING_WEIGHT: Final = 0.6
HEADING_WEIGHT: Final = 0.4
"""A heading says what its sentences are about, but it says it of all of them."""
WEIGHED: Final = 24
"""Sentences whose meaning is compared; the others have too few of the question's words."""
NEAR_BEST: Final = 0.85
SAME: Final = 0.8
# Who asks how long or how many is answered by a sentence with an amount, if one is about as near;
# who asks how many lines, by an amount of lines.
AMOUNT_BONUS: Final = 1.25
COUNTED_BONUS: Final = 1.5
_ASKS_COUNT: Final = re.compile(
    r"\bhow\s+(?:many|much)\s+((?:[\w'-]+\s+){0,2}[\w'-]+)", re.IGNORECASE
)
_COUNTED: Final = re.compile(
    r"(?:\d[\d,.]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty"
    r"|thirty|hundred|thousand))[*_`]*\s+((?:[\w'-]+[*_`]*\s+){0,2}[\w'-]+)",
    re.IGNORECASE,
)
_JOINS: Final = re.compile(r"\band\b|[,;]|[.?!]\s+\w", re.IGNORECASE)
# A sentence for another part of the question holds so many words that no sentence before it does.
OTHER_PART: Final = 2
_ASKS_AMOUNT: Final = re.compile(
    r"\bhow\s+(?:long|many|much|often|soon|fast|old|large|big|far|late|early|quickly|frequently)\b|^\W*when\b"
    r"|\b(?:deadlines?|limit|minimum|maximum|penalty|frequency|duration)\b",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|hundred|thousand"
    r"|twice|every|daily|weekly|monthly|quarterly|yearly|nightly)\b",
    re.IGNORECASE,
)
# Below this a passage speaks of something near the question, perhaps, but does not answer it.
ANSWERS: Final = 0.3


@dataclass(frozen=True)
class Finding:
    """A sentence that answers, where it stands, and how well it fits."""

    passage: Passage
    unit: Unit
    meaning: float
    """Cosine with the question, half alone and half under its heading."""
    words: float
    """Share of the question's words that the sentence and its place hold, rare ones weigh more."""
    rank: float = 1.0
    """More than 1 for a sentence of the kind that the question asks for."""

    @property
    def fit(self) -> float:
        """How well the sentence and the passage around it fit the question."""
        own = MEANING_WEIGHT * self.meaning + (1 - MEANING_WEIGHT) * self.words
        return (self.passage["score"] + own) / 2

    @property
    def text(self) -> str:
        return self.unit.of(self.passage["text"])


async def answer_sentences(
    question: str, passages: Sequence[Passage], embedder: QueryEmbedder, *, limit: int
) -> list[Finding]:
    """Return the sentences that answer best, best first; none when nothing answers."""
    candidates = _by_words(question, passages)[:WEIGHED]
    if not candidates:
        return []
    alone = [unit.of(passage["text"]) for passage, unit, _ in candidates]
    in_place = [
        f"{_heading(passage)}: {own}"
        for (passage, _, _), own in zip(candidates, alone, strict=True)
    ]
    bonus = _bonus_for(question)
    asked, *vectors = await embedder.embed([question, *alone, *in_place])
    findings = [
        Finding(
            passage,
            unit,
            (_cosine(asked, one) + _cosine(asked, other)) / 2,
            words,
            bonus(unit.of(passage["text"])),
        )
        for (passage, unit, words), one, other in zip(
            candidates, vectors[: len(candidates)], vectors[len(candidates) :], strict=True
        )
    ]
    ordered = sorted(findings, key=lambda one: -one.fit * one.rank)
    chosen = _best(ordered, limit)
    if chosen and _JOINS.search(question):
        chosen += _for_other_parts(asked_terms(question), ordered, chosen, limit)
    return _in_reading_order(chosen)


def _bonus_for(question: str) -> Callable[[str], float]:
    """Say how much more a sentence counts that has the kind of amount which is asked for."""
    if counted := _ASKS_COUNT.search(question):
        things = asked_terms(counted[1])
        if any(things):
            return lambda text: (
                COUNTED_BONUS if any(things & terms(one) for one in _COUNTED.findall(text)) else 1.0
            )
    if _ASKS_AMOUNT.search(question):
        return lambda text: AMOUNT_BONUS if _AMOUNT.search(text) else 1.0
    return lambda _text: 1.0


def _for_other_parts(
    asked: frozenset[int], findings: Sequence[Finding], chosen: Sequence[Finding], limit: int
) -> list[Finding]:
    """Add the best sentence for what is asked too, where the chosen ones say nothing of it."""
    added: list[Finding] = []
    missing = asked.difference(*(_holds(one) for one in chosen))
    for one in findings:
        if len(missing) < OTHER_PART or len(chosen) + len(added) >= limit:
            break
        good = one.fit >= ANSWERS and one.rank >= chosen[0].rank
        if good and missing & terms(one.text) and len(missing & _holds(one)) >= OTHER_PART:
            added.append(one)
            missing -= _holds(one)
    return added


def _holds(one: Finding) -> frozenset[int]:
    return terms(one.text) | terms(_place(one.passage))


def _best(findings: Sequence[Finding], limit: int) -> list[Finding]:
    chosen: list[Finding] = []
    for one in findings:
        good = one.fit >= ANSWERS if not chosen else _near(one, chosen[0])
        if good and not any(_alike(one, other) for other in chosen):
            chosen.append(one)
        if len(chosen) == limit:
            break
    return chosen


def _near(one: Finding, best: Finding) -> bool:
    return one.rank >= best.rank and one.fit * one.rank >= NEAR_BEST * best.fit * best.rank


def _in_reading_order(chosen: Sequence[Finding]) -> list[Finding]:
    """Keep the best passage first, and its sentences as they stand: steps have an order."""
    passages = list(dict.fromkeys(one.passage["chunk_id"] for one in chosen))
    return sorted(chosen, key=lambda one: (passages.index(one.passage["chunk_id"]), one.unit.start))


def _by_words(question: str, passages: Sequence[Passage]) -> list[tuple[Passage, Unit, float]]:
    """Return all units with the share of the question's words that they hold, best first."""
    asked, codes = asked_terms(question), codes_in(question)
    naming = [one for one in passages if not names_none(codes, f"{_place(one)} {one['text']}")]
    pieces = [
        (passage, unit, terms(unit.of(passage["text"])), terms(_place(passage)))
        for passage in naming or passages
        for unit in units(passage["text"])
        if unit.kind != "heading"
        and not are_of_others(codes, codes_in(f"{_place(passage)} {unit.of(passage['text'])}"))
    ]
    if not naming:
        # What is asked about may have another name there, but then something else of the question is said.
        others = asked - terms(code_words(question))
        pieces = [one for one in pieces if others & one[2]]
    weight = _rarity(asked, [own | place for _, _, own, place in pieces])
    scored = [
        (passage, unit, _share(asked, own, place, weight)) for passage, unit, own, place in pieces
    ]
    return sorted(scored, key=lambda one: -one[2])


def _rarity(asked: frozenset[int], pieces: Sequence[frozenset[int]]) -> dict[int, float]:
    holding = {term: sum(term in piece for piece in pieces) for term in asked}
    return {
        term: math.log(1 + (len(pieces) - count + 0.5) / (count + 0.5)) + 0.1
        for term, count in holding.items()
    }


def _share(
    asked: frozenset[int], own: frozenset[int], place: frozenset[int], weight: Mapping[int, float]
) -> float:
    whole = sum(weight.values())
    held = sum(
        weight[term] * (1.0 if term in own else HEADING_WEIGHT) for term in asked & (own | place)
    )
    return held / whole if whole else 0.0


def _place(passage: Passage) -> str:
    return " ".join([passage["title"], *passage["heading_path"]])


def _heading(passage: Passage) -> str:
    return " > ".join(dict.fromkeys([passage["title"], *passage["heading_path"][-1:]]))


def _alike(one: Finding, other: Finding) -> bool:
    first, second = terms(one.text), terms(other.text)
    return len(first & second) >= SAME * max(1, len(first | second))


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    length = math.hypot(*one) * math.hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / length if length else 0.0
