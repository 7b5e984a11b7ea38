"""Claims: sentences of an answer, each on quotes that stand in a passage."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from graph.citations.readable import readable
from graph.retrieval.sentences import Unit, units
from graph.retrieval.terms import terms
from graph.state import Claim, Passage, Quote

LONGEST_QUOTE: Final = 800
_NUMBER: Final = re.compile(r"(?<![\w.])\d{1,4}(?:-\d{2}-\d{2}|(?:[.,:]\d+)*)(?!\w*[.]\d)")
_LEANS_BACK: Final = re.compile(
    r"(?:it|its|this|that|these|those|they|then|otherwise|so)\b", re.IGNORECASE
)
REPEATED: Final = 0.8
Place = tuple[str, int, str, int, int, str]


def quote_of(passage: Passage, start: int, end: int) -> Quote:
    """Quote `passage.text[start:end]`; the quote's offsets are into the file."""
    return {
        "agent_id": passage["agent_id"],
        "generation": passage["generation"],
        "chunk_id": passage["chunk_id"],
        "text": passage["text"][start:end],
        "start": passage["start"] + start,
        "end": passage["start"] + end,
    }


def claim_of(passage: Passage, unit: Unit) -> Claim:
    """Say what a sentence of a passage says, with what it needs to be understood."""
    text = passage["text"]
    together = _with_context(text, units(text), unit)
    shown = [readable(text, one) for one in together]
    opened = [
        _listed(one, part, leaning=bool(_LEANS_BACK.match(part)))
        for one, part in zip(together[1:], shown[1:], strict=True)
    ]
    said = "".join([shown[0], *opened])
    return {"text": said, "quotes": [quote_of(passage, together[0].start, together[-1].end)]}


def led_by(before: str, claim: Claim) -> Claim:
    """Put words of our own before a claim, and say that they are ours: its quotes need not carry them."""
    if not before:
        return claim
    lead = f"{before}{claim.get('lead', '')}"
    return {**claim, "text": f"{before}{claim['text']}", "lead": lead}


def widened(passage: Passage, start: int, end: int) -> Quote:
    """Quote the whole sentences around a place, so that no `not` is cut off."""
    around = [one for one in units(passage["text"]) if one.start < end and start < one.end]
    if around:
        start, end = min(start, around[0].start), max(end, around[-1].end)
    return quote_of(passage, start, end)


def _with_context(text: str, all_units: Sequence[Unit], unit: Unit) -> list[Unit]:
    """Add the sentence that a pronoun leans on, and the list that a colon opens."""
    first = last = all_units.index(unit)
    if first and _leans(text, all_units[first - 1], unit):
        first -= 1
    if last + 1 < len(all_units) and _leans(text, unit, all_units[last + 1]):
        last += 1
    opening = all_units[last]
    if opening.of(text).rstrip("*_").endswith(":"):
        while last + 1 < len(all_units) and _may_follow(opening, all_units[last + 1]):
            last += 1
    return list(all_units[first : last + 1])


def _leans(text: str, before: Unit, unit: Unit) -> bool:
    """Whether a sentence begins with a word that points at the one before it."""
    together = before.kind == unit.kind and unit.kind in {"sentence", "item"}
    near = "\n\n" not in text[before.end : unit.start].replace("\r", "")
    return together and near and bool(_LEANS_BACK.match(unit.of(text)))


def _listed(unit: Unit, shown: str, *, leaning: bool) -> str:
    if unit.kind == "sentence" or leaning:
        return f" {shown}"
    return f"\n{shown}" if unit.kind == "code" else f"\n- {shown}"


def _may_follow(opening: Unit, unit: Unit) -> bool:
    return unit.kind in {"item", "row", "code"} and unit.end - opening.start <= LONGEST_QUOTE


def place_of(quote: Quote) -> Place:
    """Return where a quote says that it stands, and its words: a false one is not a true one."""
    where = (quote["agent_id"], quote["generation"], quote["chunk_id"])
    return (*where, quote["start"], quote["end"], quote["text"])


def without_repeats(claims: Iterable[Claim]) -> list[Claim]:
    """Keep each claim once: same words, or resting on the same quotes."""
    kept: list[Claim] = []
    for claim in claims:
        same = next((one for one in kept if _same(one, claim)), None)
        if same is None:
            kept.append({**claim, "quotes": list(claim["quotes"])})
        else:
            known = {place_of(quote) for quote in same["quotes"]}
            same["quotes"] += [one for one in claim["quotes"] if place_of(one) not in known]
    return kept


def without_wider(claims: Sequence[Claim]) -> list[Claim]:
    """Drop a claim that quotes all that another one quotes and more: a table beside its row."""
    kept = without_repeats(claims)
    return [
        one for one in kept if not any(_holds(one, other) for other in kept if other is not one)
    ]


def _holds(wide: Claim, narrow: Claim) -> bool:
    return all(
        any(
            one["chunk_id"] == other["chunk_id"]
            and one["start"] <= other["start"]
            and other["end"] <= one["end"]
            and one["end"] - one["start"] > other["end"] - other["start"]
            for one in wide["quotes"]
        )
        for other in narrow["quotes"]
    )


def _same(one: Claim, other: Claim) -> bool:
    if _folded(one["text"]) == _folded(other["text"]):
        return True
    places = {place_of(quote) for quote in one["quotes"]}
    if not places or places != {place_of(quote) for quote in other["quotes"]}:
        return False
    first, second = terms(one["text"]), terms(other["text"])
    return len(first & second) >= REPEATED * min(len(first), len(second))


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def numbers(text: str) -> set[str]:
    """Return the numbers and dates in a text, written in one way."""
    return {_one_way(found) for found in _NUMBER.findall(text)}


def _one_way(number: str) -> str:
    grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", number)
    plain = number.replace(",", "") if grouped else number
    return plain.rstrip("0").rstrip(".") if "." in plain and plain.count(".") == 1 else plain
