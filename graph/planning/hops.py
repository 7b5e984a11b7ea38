"""Finds questions whose answer needs another answer first."""

import re
from typing import Final

from graph.classification.reading import LONGEST_CLAUSE
from graph.classification.spelling import fold

_ROLE: Final = (
    r"(?:author|writer|editor|director|manager|owner|founder|head|chair|chairman|chairwoman|chairperson|president|leader|lead"
    r"|supervisor|supplier|vendor|maker|manufacturer|publisher|inventor|designer|architect|composer|winner|successor|predecessor"
    r"|teacher|coach|captain|coordinator|maintainer|sponsor|landlord|tenant|employer|contractor|builder|discoverer|minister|mayor"
    r"|ceo|cto|treasurer|secretary|spouse|parent|child|capital|headquarters|birthplace|co-author|creator|organi[sz]er|organiser"
    r"|curator|reviewer|approver|applicant|recipient|holder|operator|provider|reporter|advisor|adviser|nurse|surgeon|doctor|person"
    r"|company|team|department|country|city|institute|committee|project|product|lab|laboratory|university|school|firm|agency|organi[sz]ation|studio|artist|scientist|engineer|association|charity|airline|foundation|brewery)"
)
_HOP: Final = re.compile(
    rf"(?P<whole>\b(?:the|its|our)\s+(?:[\w-]+\s+){{0,2}}?(?:(?P<role>{_ROLE})s?\s+(?:of|for|behind|who|that|which|whose|where|responsible\s+for|in\s+charge\s+of)|\w{{3,}}(?:er|or|ist|ian|yer|man|woman|eer)s?\s+(?:who|whose))\s+.+)$"
)
_OWNED: Final = re.compile(
    rf"(?!who\s+(?:is|was)\s+(?:the\s+)?[\w -]+'s\s+\w+$)(?:who|whose|which|where|when|what|how\s+\w+)\b.*?\b(?P<whole>(?:the\s+|our\s+)(?:[\w-]+\s+){{0,3}}?[\w-]+'s\s+(?:{_ROLE}))\s+(?!of\b)\w+"
)
_NESTED: Final = re.compile(
    rf"\b{_ROLE}s?\s+(?:of|for)\s+(?P<whole>(?:the|its|our)\s+(?:[\w-]+\s+){{0,2}}?{_ROLE}s?\s+(?:of|behind|who|that|which|whose)\s+.+)$"
)
_NAMES_ROLE_ONLY: Final = re.compile(
    r"^(?:who|what|which|where)(?:'s|\s+(?:is|was|are|were))?\s*(?:the\s+name\s+of\s*)?$|^(?:name|find|tell|give|show|list)(?:\s+me)?\s*$|^$"
)

_THEN_DONE: Final = re.compile(
    r"\b(?:born|buried|educated|based|located|employed|trained|raised|elected|appointed|hired|stationed)$"
)


def first_hop(text: str) -> str:
    """Return the description inside a question that must be resolved first, or nothing."""
    text = text[:LONGEST_CLAUSE]
    plain = fold(text).strip(" .?!")
    if not re.match(
        r"(?:who|whose|which|where|when|what|how\s+(?:many|old|long|much)|find|name|give|tell|in\s+which)\b",
        plain,
    ):
        return ""
    if owned := _OWNED.match(plain):
        return text.strip(" .?!")[owned.start("whole") : owned.end("whole")]
    if nested := _NESTED.search(plain):
        return text.strip(" .?!")[nested.start("whole") : nested.end("whole")]
    found = _HOP.search(plain)
    if found is None or (
        _NAMES_ROLE_ONLY.match(plain[: found.start()].strip()) and not _THEN_DONE.search(plain)
    ):
        return ""
    return _without_main_verb(plain, text.strip(" .?!")[found.start() : found.end()], found.start())


def _without_main_verb(plain: str, hop: str, at: int) -> str:
    """The last word of "Where did the founder of the museum study" belongs to the question."""
    asked_of = re.search(r"\b(?:did|does|do|is|was|were|are)\s*$", plain[:at])
    return hop.rsplit(" ", 1)[0] if asked_of and len(hop.split()) > 4 else hop
