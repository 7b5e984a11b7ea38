"""Makes a question whole that leans on the one before it; by rules, without a model."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from graph.conversation.asked import CASE, Asked, as_said, taken_apart, topic
from graph.conversation.listed import item_at
from graph.conversation.pointing import ORDINAL, content, goes_on, points_back, without_lead

_PREPOSITIONS: Final = "for|in|on|at|with|from|to|of|during|after|before|by|under|without|within|about|between|outside|inside"
_LEAD: Final = r"(?:and|but|or|also|so|then|ok(?:ay)?|now)[,\s]+"
# "and for fishing boats?", "in winter?"
_PLACE: Final = re.compile(
    rf"^(?:{_LEAD})?({_PREPOSITIONS})\s+((?:[^\s?,:;]+\s+){{0,6}}[^\s?,:;]+)\s*\??$", re.IGNORECASE
)
# "what about fishing boats?", "and the archive?"
_CASE: Final = re.compile(
    rf"^(?:(?:{_LEAD})?(?:what|how)\s+about\s+|(?:{_LEAD})?same\s+(?:question\s+|thing\s+)?for\s+)([^?]{{1,120}}?)\s*\??$"
    r"|^(?:and|or|but)\s+((?:[^\s?]+\s+){0,5}[^\s?]+)\s*\??$",
    re.IGNORECASE,
)
# "und auf Deutsch?", "et en hiver ?"
_CASE_ELSEWHERE: Final = re.compile(
    r"^¿?(?:und|et|y|e|ed|en|oder|ou|o|aber|mais|pero|ma|maar)\s+((?:[^\s?]+\s+){0,5}[^\s?]+)\s*\??$",
    re.IGNORECASE,
)
# "and if they hold health data?"
_CONDITION: Final = re.compile(
    r"^(?:and|but|or)\s+((?:if|when|unless|while)\s+\S[^?]{1,150}?)\s*\??$", re.IGNORECASE
)
_CASE_OF: Final = re.compile(rf"^({_PREPOSITIONS})\s+(.+)$", re.IGNORECASE)
_BARE: Final = re.compile(
    rf"^¿?(?:{_LEAD})?(?:why(?:\s+(?:not|is\s+that|that|so(?:\s+\w+)?))?|how\s+(?:so|come)|how(?:\s+(?:much|many|long|often|exactly))?|who|where|when|then"
    r"|since\s+when|until\s+when|what\s+else|what\s+then|what\s+if\s+not|what\s+does\s+(?:that|this)\s+mean"
    r"|warum|wieso|wer|wann|wo|wie(?:\s+lange)?|pourquoi|qui|quand|comment|por\s+qu[eé]|qui[eé]n|cu[aá]ndo|perch[eé]|chi|quando|waarom|wanneer)"
    r"(?:\s+exactly)?\s*\??$",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(
    r"\b(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|need|needs|it|them|what|who|which|how|when|where|why)\b",
    re.IGNORECASE,
)
# "within what time?", "for how long?"
_ASKS_FOR: Final = re.compile(r"^(?:what|which|how)\b", re.IGNORECASE)
_HOW_OR_WHEN: Final = re.compile(
    r"^(?:\w+ly|here|there|now|today|tomorrow|always|twice|again)$", re.IGNORECASE
)
_SOME_ONE: Final = re.compile(r"\bones?$", re.IGNORECASE)
_QUOTED: Final = re.compile(r"“[^”]*”")
# Names as programs have them: git_recipes, v16, TICKET-42.
_NAME: Final = re.compile(r"(?<![\w.-])(?=[\w.-]*[_\d])(?=[\w.-]*[^\W\d_])[\w.-]*\w(?![\w-])")
LONGEST: Final = 2_000


def standalone(question: str, before: str, answer: str = "", earlier: Sequence[str] = ()) -> str:
    """Return the question so that it can be understood alone.

    `before` and `answer` are what it follows; `earlier` questions, the latest first, may have named two things.
    """
    asked, said = " ".join(question.split()), " ".join(before.split())
    if not said or len(asked) > LONGEST or len(said) > LONGEST or asked == said:
        return question
    previous = taken_apart(said)
    named = _with_items_named(asked, previous, answer, earlier)
    whole = _joined(named, previous, answer) or (as_said(named) if named != asked else None)
    return question if whole is None else str(whole)


def _joined(asked: str, previous: Asked, answer: str) -> Asked | None:
    """Join it to the one before in the way that its form asks for; None where it stands alone."""
    if _BARE.match(asked):
        return replace(previous, core=f"{asked.rstrip('? ')} ({previous.core})", mark="?")
    if found := _CONDITION.match(asked):
        return replace(previous, core=f"{previous.core}, {found[1]}")
    if (found := _CASE.match(asked)) and (found[1] or not _SENTENCE.search(found[2])):
        return _for_case(previous, found[1] or found[2])
    if (found := _CASE_ELSEWHERE.match(asked)) and not _SENTENCE.search(found[1]):
        return replace(previous, core=f"{previous.core}, {found[1]}")
    if (found := _PLACE.match(asked)) and not _SENTENCE.search(_ASKS_FOR.sub("", found[2])):
        return _with_place(previous, found[1].lower(), found[2])
    if _is_part_of(asked, f"{previous.core} {answer}"):
        return _for_case(previous, asked.rstrip("?. "))
    if points_back(asked) or goes_on(asked):
        return as_said(without_lead(asked), previous.subject)
    return None


def _is_part_of(asked: str, said: str) -> bool:
    """Whether two or three words ask about something in what was said: "high severity?"."""
    few = asked.endswith("?") and len(asked.split()) <= 3 and not _SENTENCE.search(asked)
    return few and not set(content(asked)).isdisjoint(content(said))


def _with_items_named(asked: str, previous: Asked, answer: str, earlier: Sequence[str]) -> str:
    """Put names in the place of "the second one", where the question before or its answer has a list."""
    found = ORDINAL.search(asked)
    if found is None:
        return asked
    just = (topic(previous.core), previous.about)
    which = found["which"] or found["two"] or found["alone"]
    item = item_at(which.lower(), just, answer, list(map(topic, earlier)))
    return f"{asked[: found.start()]}{item}{asked[found.end() :]}" if item else asked


def _for_case(previous: Asked, case: str) -> Asked:
    if place := _CASE_OF.match(case):
        return _with_place(previous, place[1].lower(), place[2])
    if _SOME_ONE.search(case) and _QUOTED.search(previous.core):
        return replace(previous, core=_QUOTED.sub(lambda _: case, previous.core))
    if renamed := _with_name(previous, case):
        return renamed
    if _HOW_OR_WHEN.match(case):
        return replace(previous, core=f"{previous.core}, {case}")
    if previous.about:
        return replace(previous, about=case)
    return replace(previous, core=f"{CASE.sub('', previous.core)}, in the case of {case}")


def _with_name(previous: Asked, name: str) -> Asked | None:
    """Put a name in the place of the only one that there was."""
    if not _NAME.fullmatch(name) or len(_NAME.findall(previous.core)) != 1:
        return None
    return replace(previous, core=_NAME.sub(lambda _: name, previous.core))


def _with_place(previous: Asked, preposition: str, place: str) -> Asked:
    """Put `for Y` where the question before had `for X`, else behind it."""
    if renamed := _with_name(previous, place):
        return renamed
    whole = previous.core
    there = list(re.finditer(rf"\b{preposition}\s+", whole, re.IGNORECASE))
    if there and preposition not in {"of", "to"}:
        rest = whole[there[-1].end() :]
        stop = re.search(rf"\s+(?:{_PREPOSITIONS}|and|or|when|if|while)\s", rest, re.IGNORECASE)
        tail = rest[stop.start() :] if stop else ""
        return replace(previous, core=f"{whole[: there[-1].end()]}{place}{tail}")
    return replace(previous, core=f"{whole}, {preposition} {place}")
