"""Makes a question whole that leans on the one before it; by rules, without a model."""

import re
from typing import Final

from graph.classification.spelling import fold

_PREPOSITIONS: Final = "for|in|on|at|with|from|to|of|during|after|before|by|under|without|within|about|between|outside|inside"
_LEAD: Final = r"(?:and|but|or|also|so|then|ok(?:ay)?|now)[,\s]+"
# "and for fishing boats?", "in winter?"
_ELLIPSIS: Final = re.compile(
    rf"^(?:{_LEAD})?({_PREPOSITIONS})\s+([^?]{{1,120}}?)\s*\??$", re.IGNORECASE
)
# "what about fishing boats?", "and the archive?"
_CASE: Final = re.compile(
    rf"^(?:(?:{_LEAD})?(?:what|how)\s+about|(?:{_LEAD})?same\s+for|{_LEAD}(?=(?:the|a|an|our|my)\b))\s+([^?]{{1,120}}?)\s*\??$",
    re.IGNORECASE,
)
_CASE_OF: Final = re.compile(rf"^({_PREPOSITIONS})\s+(.+)$", re.IGNORECASE)
_BARE: Final = re.compile(
    rf"^(?:{_LEAD})?(?:why(?:\s+(?:not|is\s+that|so))?|how\s+so|how(?:\s+(?:much|many|long|often|exactly))?|who|where|when"
    r"|since\s+when|until\s+when|which\s+ones?|what\s+else|what\s+then|what\s+if\s+not)(?:\s+exactly)?\s*\??$",
    re.IGNORECASE,
)
_POINTS_BACK: Final = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers)\b"
    r"|\b(?:this|that|these|those)(?=\s*(?:[?.!,]|$|is\b|are\b|was\b|were\b|ones?\b|rules?\b|limits?\b))"
    r"|\b(?:do|does|did|will|would|can|could|must|should)\s+(?:this|that|these|those)\b"
    r"|\bthe\s+(?:same|former|latter|other\s+one)\b",
    re.IGNORECASE,
)
# Here "it" stands for nothing that was named before.
_EXPLETIVE: Final = re.compile(
    r"\bit\s+(?:takes?|took|is|was|would\s+be|seems?|rains?|snows?|costs?\s+to|(?:possible|allowed|necessary|true|safe|ok))\s+(?:\w+\s+){0,2}(?:to|that|for|when|if)\b"
    r"|\b(?:does|did|will|would|can)\s+it\s+(?:take|cost)\s+(?:\w+\s+){0,2}to\b|\bis\s+it\s+\w+\s+(?:to|that|for|if)\b",
    re.IGNORECASE,
)
_ASKING: Final = re.compile(
    r"^(?:(?:please|tell\s+me|show\s+me|explain|can\s+you\s+(?:tell|show)\s+me|i\s+want\s+to\s+know)\s+)?"
    r"(?:what|which|who|whom|whose|when|where|why|how(?:\s+(?:much|many|long|often|far|old|big|large))?)?\s*"
    r"(?:is|are|was|were|can|could|may|might|must|should|shall|will|would|do|does|did|has|have|had)?\s+",
    re.IGNORECASE,
)
_FUNCTION_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "a an the is are was were be been do does did can could may might must shall should will would have has"
        " had what which who whom whose when where why how much many long often and or but so also then of for"
        " in on at with from to by as if not no yes please me my we our us you your i there here any some all it"
        " its they them their this that these those he him his she her allowed need needed same apply applies"
        " still",
    )
)
LONGEST: Final = 2_000


def standalone(question: str, before: str) -> str:
    """Return the question so that it can be understood alone; `before` is the one it follows."""
    asked, previous = " ".join(question.split()), " ".join(before.split())
    if not previous or len(asked) > LONGEST or len(previous) > LONGEST or asked == previous:
        return question
    if found := _CASE.match(asked):
        return _for_case(previous, found[1])
    if found := _ELLIPSIS.match(asked):
        return _with_place(previous, found[1].lower(), found[2])
    if _BARE.match(asked):
        return f"{asked.rstrip('?')} ({previous.rstrip('?')})?"
    if _leans(asked):
        return f"{asked.rstrip('?. ')} (about: {topic(previous)})?"
    return question


def topic(question: str) -> str:
    """Return what a question is about: all of it but the words that only ask."""
    said = question.strip().rstrip("?.! ")
    return _ASKING.sub("", said, count=1).strip() or said


def _for_case(previous: str, case: str) -> str:
    place = _CASE_OF.match(case)
    if place:
        return _with_place(previous, place[1].lower(), place[2])
    return f"{previous.rstrip('?. ')}, in the case of {case}?"


def _with_place(previous: str, preposition: str, place: str) -> str:
    """Put `for Y` where the question before had `for X`, else behind it."""
    whole = previous.rstrip("?. ")
    there = list(re.finditer(rf"\b{preposition}\s+", whole, re.IGNORECASE))
    if there and preposition not in {"of", "to"}:
        rest = whole[there[-1].end() :]
        stop = re.search(rf"\s+(?:{_PREPOSITIONS}|and|or|when|if|while)\s", rest, re.IGNORECASE)
        tail = rest[stop.start() :] if stop else ""
        return f"{whole[: there[-1].end()]}{place}{tail}?"
    return f"{whole}, {preposition} {place}?"


def _leans(question: str) -> bool:
    """Whether a word points at something that the question itself has not named."""
    found = _POINTS_BACK.search(question)
    if not found or _EXPLETIVE.search(question):
        return False
    named = [
        word
        for word in re.findall(r"[^\W_]+", fold(question[: found.start()]))
        if word not in _FUNCTION_WORDS
    ]
    return len(named) < 2
