"""Finds sources that contradict what is going to be said, and who is right where a rule says it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Final, Literal, TypedDict

from graph.citations.claims import quote_of
from graph.citations.conflicts import ConflictKind, Difference, Said, difference
from graph.citations.readable import readable
from graph.citations.support import ChunkKey, chunk_of, key_of, quoted_units
from graph.retrieval.sentences import Unit, units
from graph.retrieval.terms import terms
from graph.state import Claim, Passage, SourceFacts

ConflictRule = Literal["none", "effective", "version"]
_NEAR: Final = 0.5
_COMPARED: Final = frozenset({"sentence", "item", "row"})


class Disagreement(TypedDict):
    """Sources that contradict each other; plain JSON. Each side says one thing."""

    kind: ConflictKind
    values: list[str]
    sides: list[Claim]


@dataclass(frozen=True)
class _Sentence:
    """A sentence of a source."""

    passage: Passage
    unit: Unit

    @cached_property
    def said(self) -> Said:
        one = self.passage
        text = readable(one["text"], self.unit)
        return Said(text, (one["agent_id"], one["path"]), one["title"], tuple(one["heading_path"]))

    @cached_property
    def words(self) -> frozenset[int]:
        return terms(self.said.text)

    def claim(self) -> Claim:
        quote = quote_of(self.passage, self.unit.start, self.unit.end)
        return {"text": self.said.text, "quotes": [quote]}


@dataclass
class _Group:
    """Sentences of which each contradicts another one of them, with what each says."""

    kind: ConflictKind
    said: list[tuple[_Sentence, str]] = field(default_factory=list[tuple[_Sentence, str]])

    def holds(self, one: _Sentence) -> bool:
        return any(_place(one) == _place(other) for other, _ in self.said)


def disagreements(
    claims: Sequence[Claim], passages: Iterable[Passage]
) -> tuple[list[Disagreement], list[Claim]]:
    """Return what sources disagree about, and the claims that nobody contradicts.

    What was found and not chosen counts too: an answer must not hide the source that denies it.
    """
    read = {key_of(one): one for one in passages}
    others = [
        _Sentence(one, unit)
        for one in read.values()
        for unit in units(one["text"])
        if unit.kind in _COMPARED
    ]
    groups: list[_Group] = []
    for claim in claims:
        for mine in _sentences(claim, read):
            for other in others:
                if _near(mine, other) and (how := difference(mine.said, other.said)):
                    _join(groups, (mine, other), how)
    told = [_disagreement(group, claims) for group in groups]
    apart = [one for group in told for one in group["sides"]]
    return told, [one for one in claims if all(one is not other for other in apart)]


def _sentences(claim: Claim, read: Mapping[ChunkKey, Passage]) -> Iterator[_Sentence]:
    for quote in claim["quotes"]:
        passage = read.get(chunk_of(quote))
        if passage is not None:
            yield from (_Sentence(passage, unit) for unit in quoted_units(quote, passage))


def _near(one: _Sentence, other: _Sentence) -> bool:
    if one.said.source == other.said.source:
        return False
    fewest = min(len(one.words), len(other.words))
    return fewest > 0 and len(one.words & other.words) >= _NEAR * fewest


def _join(groups: list[_Group], pair: tuple[_Sentence, _Sentence], how: Difference) -> None:
    """Put both into one group with whatever contradicts either: three answers stand together."""
    group = next((one for one in groups if any(one.holds(each) for each in pair)), None)
    if group is None:
        group = _Group(how.kind)
        groups.append(group)
    for sentence, value in zip(pair, how.values, strict=True):
        if not group.holds(sentence):
            group.said.append((sentence, value))


def _place(one: _Sentence) -> tuple[ChunkKey, int]:
    return key_of(one.passage), one.unit.start


def _disagreement(group: _Group, claims: Sequence[Claim]) -> Disagreement:
    """A side that was going to be said anyway is said in the claim's own words."""
    sides: list[Claim] = []
    for sentence, _ in group.said:
        said = next((one for one in claims if _says_just(one, sentence)), None)
        again = any(said is one for one in sides)
        sides.append(sentence.claim() if said is None or again else said)
    return {"kind": group.kind, "values": [value for _, value in group.said], "sides": sides}


def _says_just(claim: Claim, sentence: _Sentence) -> bool:
    """Whether all that a claim quotes holds this sentence: one that quotes both sides is neither."""
    start = sentence.passage["start"] + sentence.unit.start
    return bool(claim["quotes"]) and all(
        chunk_of(one) == key_of(sentence.passage) and one["start"] <= start < one["end"]
        for one in claim["quotes"]
    )


class Decision(TypedDict):
    """Which side holds, by which rule."""

    rule: ConflictRule
    side: int
    because: str


def decided(
    facts: Sequence[SourceFacts | None], rule: ConflictRule, now: datetime
) -> Decision | None:
    """Apply the rule; None where it decides nothing, because a side does not say what it needs."""
    if rule == "none" or any(one is None for one in facts):
        return None
    known = [one for one in facts if one is not None]
    keys = [_key(one, rule, now) for one in known]
    if any(key is None for key in keys):
        return None
    ranked = [key for key in keys if key is not None]
    best = max(ranked)
    if ranked.count(best) > 1:
        return None
    side = ranked.index(best)
    return {"rule": rule, "side": side, "because": _because(known[side], rule)}


def _key(facts: SourceFacts, rule: ConflictRule, now: datetime) -> tuple[float, ...] | None:
    if rule == "effective":
        moment = _moment(facts["effective"])
        return None if moment is None or moment > now else (moment.timestamp(),)
    parts = (facts["version"] or "").lower().removeprefix("v").split(".")
    if not all(one.isdecimal() for one in parts):
        return None
    numbers = [float(one) for one in parts]
    while numbers and not numbers[-1]:  # 2.0 is 2
        numbers.pop()
    return tuple(numbers)


def _moment(said: str | None) -> datetime | None:
    if not said:
        return None
    moment = datetime.fromisoformat(said)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _because(facts: SourceFacts, rule: ConflictRule) -> str:
    if rule == "effective":
        return f"it is the one in effect since {str(facts['effective'])[:10]}, the latest of them"
    return f"its version {facts['version']} is the highest of them"
