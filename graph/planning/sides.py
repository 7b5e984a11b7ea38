"""Finds what is set against what: named sides, and sides that are only counted."""

import re
from dataclasses import dataclass
from typing import Final

from graph.classification.reading import LONGEST_CLAUSE
from graph.classification.spelling import fold

MOST_SIDES: Final = 8
_NUMBERS: Final = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "both": 2,
}  # fmt: skip
_SOME: Final = "|".join(_NUMBERS)
# Counted, but not things to be looked up one by one.
_UNITS: Final = (
    r"(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?|quarters|decades?|seasons?|times?|steps?|words"
    r"|sentences|lines|bullets?|bullet|points|percent|euros?|dollars|pounds|people|km|kg|metres?|meters?|miles"
    r"|sides|ways|reasons?|examples?|things|questions?|pages|paragraphs|ones?|of|or|more|cases|numbers|answers)"
)
_COUNTED: Final = re.compile(
    rf"\b(?:(?:all|each|any|which)\s+(?:of\s+)?)?(?:(?:the|our|my|these|those|of\s+the|its|their)\s+)"
    rf"(?:(?:last|past|latest|first|top|other|same)\s+)?(?P<n>{_SOME}|[2-9]|1[0-2])\s+(?:(?!{_UNITS}\b)|(?=(?:meter|metre|year|month|week|day|hour|minute|point|page|word|line)\s+\w+s\b))"
    rf"(?P<what>(?:[\w'-]+\s+){{0,3}}?[\w'-]+s)\b"
    rf"|\b(?P<both>both)\s+(?!and\b)(?:of\s+)?(?:the\s+|our\s+|my\s+)?(?P<pair>(?:[\w'-]+\s+){{0,3}}?[\w'-]+s)\b"
    rf"|\b(?P<all>all|each\s+of)\s+(?P<m>{_SOME}|[2-9]|1[0-2])\s+(?!{_UNITS}\b)(?P<these>(?:[\w'-]+\s+){{0,3}}?[\w'-]+s)\b"
)
_NUMBERS_ELSEWHERE: Final = {
    "zwei": 2, "drei": 3, "vier": 4, "funf": 5, "sechs": 6, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6,
    "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "due": 2, "tre": 3, "quattro": 4, "cinque": 5, "sei": 6,
    "twee": 2, "drie": 3, "vijf": 5, "zes": 6, "dois": 2, "duas": 2, "quatro": 4,
}  # fmt: skip
_COUNTED_ELSEWHERE: Final = re.compile(
    r"\b(?:der|die|den|unserer|unsere|unseren|les|des|nos|ces|los|las|nuestros|nuestras|dei|delle|degli|gli|i|le|nostri|nostre|de|onze|os|as|nossos|nossas)"
    rf"\s+(?P<n>{'|'.join(_NUMBERS_ELSEWHERE)})\s+(?!(?:jahr|monat|woche|tag|stunde|minut|ans?|annees?|mois|jours?|heures?|anos?|mes|dias?|horas?|anni|mesi|giorni|ore|jaar|maand|dag|uur)\w*\b)(?P<what>[\w'-]{{3,}})"
)
_COMPARED: Final = re.compile(
    r"\b(?:compar(?:e|ing|ison\s+(?:of|between))|contrast|differences?\s+(?:between|among)|differ\s+between"
    r"|similarit\w+\s+(?:between|of)|overlaps?\s+(?:between|of)|(?:trade-?offs?|choose|choosing|conflicts?|gap|relationship"
    r"|contradictions?|discrepanc\w+|inconsistenc\w+)\s+between|weigh|reconcile|in\s+common\s+between"
    r"|(?:sum|total|mean|average|ratio|product|combined\s+\w+)\s+of|side\s+by\s+side:?"
    r"|vergleich\w*|unterschied\w*\s+zwischen|comparez?|comparer|difference\s+entre|compara|comparar|diferencia\s+entre"
    r"|confronta|confrontare|differenza\s+(?:tra|fra)|vergelijk|verschil\s+tussen|compare|diferenca\s+entre)\s+(?P<rest>.+)"
)
_JOINT: Final = r"\s+(?:and|with|against|versus|vs\.?|or)\s+|\s*,\s*(?:and\s+|or\s+)?|\s+&\s+"
# Only where nothing else joins: "has to answer" is no joint.
_WEAK_JOINT: Final = r"\s+to\s+"
# What has one of these is a clause of its own side, not something that the sides share.
_FINITE: Final = re.compile(
    r"\b(?:must|may|can|could|shall|should|will|would|is|are|was|were|has|have|had|do|does|did)\b"
)
_FOREIGN: Final = re.compile(
    r"\b(?:vergleich|unterschied|comparez|comparer|difference\s+entre|compara|diferencia|confront|differenza|vergelijk|verschil|diferenca)"
)
_FOREIGN_JOINT: Final = r"\s+(?:und|et|y|e|ed|en|mit|avec|con|com|met)\s+|\s*,\s*"
_VERSUS: Final = re.compile(
    r"(?P<one>.+?)\s+(?:versus|vs\.?|as\s+opposed\s+to|compared\s+(?:to|with)|rather\s+than)\s+(?P<other>[^:;?]+)"
)
_DIFFER: Final = re.compile(
    r"\b(?:how|where|why|in\s+what\s+(?:way|respects?))\s+(?:do|does|did|is|are|was|were)\s+(?P<one>.+?)\s+(?:differ(?:ent)?\s+from|compare\s+(?:to|with|against)"
    r"|relate\s+to|different\s+from|stack\s+up\s+against)\s+(?P<other>.+)"
)
_APART: Final = re.compile(
    r"\bwhat\s+(?:sets|distinguishes|separates|tells)\s+(?P<one>.+?)\s+(?:apart\s+)?from\s+(?P<other>.+)"
)
_AGREE: Final = re.compile(
    r"^(?:do|does|did|are|is|where\s+do|how\s+do)\s+(?P<both>.+?\s+and\s+.+?)\s+(?:agree|disagree|tell\s+the\s+same|contradict"
    r"|differ|compare|say\s+the\s+same|match|overlap|conflict|line\s+up|consistent|compatible|diverge)\b"
)
_WHETHER: Final = re.compile(
    r"^(?:do|does|did|is|are|was|were|has|have|can|may)\s+(?P<both>(?:the|our)\s+[\w -]{3,40}?\s+or\s+(?:the|our)\s+[\w-]+(?:\s+[\w-]+)?)\s+\w+"
)
_EITHER: Final = re.compile(
    r"^(?:which|what|who)\b.+?\b(?:\w+er|more\s+\w+|less\s+\w+|better|worse|\w+est|first|most\s+\w+|least\s+\w+|most|least)\b"
    r"[^,:]*[,:]\s*(?P<both>.+?\s+or\s+.+)$"
)
_THAN: Final = re.compile(
    r"^(?:is|are|does|do|was|how\s+much|by\s+how\s+much)\b\s*(?:\w+er|more\s+\w+|less\s+\w+)?\s*(?:is|are|does|do|was)?\s*"
    r"(?P<one>.+?)\s+(?:cost\s+|take\s+)?(?:\w+er|more|less|more\s+\w+|less\s+\w+)?\s*than\s+(?P<other>.+)$"
)
_ASPECT: Final = re.compile(
    r"\s+(?:on|regarding|concerning|in\s+terms\s+of|with\s+respect\s+to|with\s+regard\s+to|when\s+it\s+comes\s+to|for|by|in\s+how|over|during|since|across)\s+"
    r"(?P<aspect>[^,;]+)$"
)
_LEAD: Final = re.compile(
    r"^(?:the\s+)?(?:what|how|where|which|difference|differences)\s+(?:is|are|do|does)?\s*|^(?:between|of|both)\s+"
)
_DETERMINER: Final = re.compile(r"^(?:the|a|an|our|my|their|its|this|that)\s+", re.IGNORECASE)
_THOSE: Final = re.compile(
    r"^(?:those|that|the\s+ones?)\s+(?P<link>of|in|for|from|at|on|under|by|after|before|with|during|about)\s",
    re.IGNORECASE,
)
_READ_JOINT: Final = r"\s+(?:and|as\s+well\s+as|plus|with)\s+|\s*,\s*(?:and\s+)?"
_READABLE: Final = re.compile(
    r"(?:the|our|my|its|their|this|last|each|new|old|both|[\w-]+'s)\s+\w|.*\b(?:reports?|guides?|handbook|manual|policy|contract|minutes|plan|notes|survey|study|rules)$"
)
_TAIL: Final = re.compile(
    r"^(?P<head>.+\s(?:of|in|for|at|from|under|by|on)\s+)(?:the\s+)?\S+(?:\s+\S+)?$", re.IGNORECASE
)
_LISTED: Final = re.compile(
    r"\s*(?:,\s*(?:and|or|und|oder|et|ou|y|e|en)?|;|\s(?:and|or|plus|versus|vs\.?|und|oder|et|ou|y|con|en|against|with))\s+"
)
_PUTS_IN_ORDER: Final = re.compile(
    r"^(?:please\s+)?(?:rank|order|sort|arrange|compare|rate|grade)\s+", re.IGNORECASE
)


def named_sides(text: str) -> tuple[str, ...]:
    """Return the sides of a comparison in the question's own words; none when there are none."""
    text = text.strip(" .?!")[:LONGEST_CLAUSE]
    plain = fold(text)
    for pattern in (_DIFFER, _APART, _VERSUS, _THAN):
        if found := pattern.search(plain):
            sides = [text[slice(*found.span("one"))], text[slice(*found.span("other"))]]
            sides[0] = _after_verb(sides[0])
            return completed(sides)
    for pattern, group in (
        (_COMPARED, "rest"),
        (_AGREE, "both"),
        (_EITHER, "both"),
        (_WHETHER, "both"),
    ):
        if found := pattern.search(plain):
            joint = _FOREIGN_JOINT if _FOREIGN.search(plain) else _JOINT
            both = text[slice(*found.span(group))]
            for between in (joint, _WEAK_JOINT):
                if len(sides := _split(both, between)) > 1:
                    return completed(sides)
    return ()


def document_sides(text: str) -> tuple[str, ...]:
    """Return several things that are to be read: "the budget report and the staffing plan"."""
    parts = _split(text.strip(" .?!")[:LONGEST_CLAUSE], _READ_JOINT)
    whole = len(parts) > 1 and all(_READABLE.match(fold(one)) for one in parts)
    return tuple(parts) if whole else ()


def counted_sides(text: str) -> tuple[int, str]:
    """Return how many unnamed things there are, and what they are: "the 3 quotes"."""
    plain = fold(text[:LONGEST_CLAUSE])
    found = _COUNTED.search(plain)
    if found is None:
        return _counted_elsewhere(plain)
    number = found["n"] or found["both"] or found["m"]
    what = found["what"] or found["pair"] or found["these"]
    count = _NUMBERS.get(number) or int(number)
    return (count, what) if 2 <= count <= MOST_SIDES else (0, "")


def _counted_elsewhere(plain: str) -> tuple[int, str]:
    found = _COUNTED_ELSEWHERE.search(plain)
    return (_NUMBERS_ELSEWHERE[found["n"]], found["what"]) if found else (0, "")


@dataclass(frozen=True)
class Numeral:
    """A number that says how many things there are, and where it stands."""

    text: str
    start: int
    count: int


def counted_numeral(plain: str) -> Numeral | None:
    """Return the numeral of `counted_sides`; "both" is none."""
    found = _COUNTED.search(plain)
    group = "n" if found and found["n"] else "m"
    if found is None or not found[group]:
        return None
    text = found[group]
    return Numeral(text, found.start(group), _NUMBERS.get(text) or int(text))


def listed_sides(text: str) -> tuple[str, ...]:
    """Return things said one after the other: "the pool, the sauna and the gym"."""
    clause = re.split(r"[.:;?!]\s", text[:LONGEST_CLAUSE].strip(" .?!"), maxsplit=1)[0]
    listed = [one.strip() for one in _LISTED.split(_PUTS_IN_ORDER.sub("", clause)) if one]
    return completed([one for one in listed if one]) if any(listed) else ()


def _split(text: str, between: str) -> list[str]:
    """Cut at "and", "or", "with", commas; a part that is only an aspect is no side."""
    plain = fold(text)
    parts: list[str] = []
    start = 0
    for joint in re.finditer(between, plain):
        parts.append(text[start : joint.start()])
        start = joint.end()
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()][:MOST_SIDES]


def _after_verb(text: str) -> str:
    plain = fold(text)
    found = re.search(
        r"^(?:please\s+)?(?:compare|contrast|show|tell\s+me|what\s+is|what's|give\s+me|explain)\s+",
        plain,
    )
    return text[found.end() :] if found else text


def completed(sides: list[str]) -> tuple[str, ...]:
    """Give every side what it shares with the others: head noun, preposition, aspect."""
    sides = [_LEAD.sub("", side.strip(" ,")) for side in sides]
    aspect = _ASPECT.search(fold(sides[-1]))
    tail = ""
    if aspect and sides[-1][: aspect.start()].strip() and _is_shared(aspect, sides[:-1]):
        tail = sides[-1][aspect.start() :]
        sides[-1] = sides[-1][: aspect.start()]
    sides = _with_shared_head(sides)
    return tuple(dict.fromkeys(f"{side}{tail}" for side in sides if side))


def _is_shared(aspect: re.Match[str], others: list[str]) -> bool:
    """Say whether the end of the last side is meant for all: "X and Y for children"."""
    if _FINITE.search(aspect["aspect"]):
        return False
    return not any(_ASPECT.search(fold(side)) for side in others)


def _with_shared_head(sides: list[str]) -> list[str]:
    sides = [sides[0], *(_spelled_out(side, sides[0]) for side in sides[1:])]
    first, last = sides[0], sides[-1]
    lead = _TAIL.match(first)
    if lead and len(_DETERMINER.sub("", last).split()) <= 2 and not _TAIL.match(last):
        return [first, *(f"{lead['head']}{side}" for side in sides[1:])]
    words = _DETERMINER.sub("", last).split()
    shorter = [side for side in sides[:-1] if len(_DETERMINER.sub("", side).split()) == 1]
    if len(words) > 2 and len(shorter) == len(sides) - 1 and not lead:
        return [*(f"{side} {' '.join(words[1:])}" for side in sides[:-1]), last]
    return sides


def _spelled_out(side: str, first: str) -> str:
    """Say what "those of Oslo" stands for."""
    found = _THOSE.match(side)
    if found is None:
        return side
    head = re.split(rf"\s+{found['link']}\s+", first, maxsplit=1, flags=re.IGNORECASE)[0]
    return f"{head} {side[found.start('link') :]}"
