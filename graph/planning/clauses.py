"""Which clauses of a question ask for something, and where an order hides inside one."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from graph.classification.reading import Clause, read
from graph.planning.deeds import deed, hidden, without_politeness

_OPEN_PICK: Final = re.compile(
    r"(?:which|what|who)\b.{0,60}\b(?:\w{2,}er|\w{2,}est|more|less|most|least|worse|worst)(?:\s+\w+)?$"
)
_JOINT: Final = re.compile(
    r",?\s+(?:and|then|so|but|or|plus|after\s+that|afterwards)\s+(?:then\s+|also\s+|please\s+|afterwards\s+|finally\s+)*|,\s+(?:please\s+|then\s+|also\s+)*|\s+-+\s+|;\s*"
)
_SAYS: Final = re.compile(
    r"(?:check|confirm|verify|see|test|make\s+sure|ensure|double-check)\s+(?:that|if|whether)\b|(?:work|figure)\s+(?:it|that|this|them)\s+out\b|(?:add|sum|total|multiply|divide|compute|calculate|compare|average|double|triple|halve)\s+(?:it|them|that|those|these)\b|(?:say|state|point\s+out|note|report|tell\s+(?:me|us)|let\s+(?:me|us)\s+know|show\s+(?:me|us))\s+(?:which|what|who|where|when|whether|if|how|why)\b"
)
CONDITION: Final = (
    r"(?:only\s+)?(?:if|when|whenever|once|as\s+soon\s+as|in\s+case|unless|provided(?:\s+that)?|after|until|while|as\s+long\s+as"
    r"|should\s+(?=the|our|it|any|a))"
)
_STARTS_WITH_CONDITION: Final = re.compile(rf"{CONDITION}\s")
_ENDS_WITH_CONDITION: Final = re.compile(
    rf"\s+(?:but\s+)?(?P<condition>{CONDITION}\s+(?=[a-z]).+)$"
)
_SUBJECT: Final = re.compile(
    r"\b(?:i|we|you|they|he|she|it|who|that|to|not|will|would|should|can|could|may|must|somebody|someone|people|a|an|the|our|my|of|for|in)$"
)
# After "I need to do it", these ask for the way and not for the deed.
_ASKS_THE_WAY: Final = re.compile(
    r"\b(?:how|what|where|which|who)\b.*\b(?:do\s+i|do\s+we|should\s+i|should\s+we|can\s+i|can\s+we|must\s+i|that|this|it|them|to\s+do|steps|procedure|process|forms?|one)\b"
    r"|^how(?:\s+(?:exactly|come))?$|^(?:can|may|am|do|is|are|should)\s+(?:i|we|it|there|that)\b|\bsay(?:s)?\s+about\b|^what\s+(?:does|do|is|are)\b"
)
_OWN_PLAN: Final = re.compile(
    r"(?:i|we|my\s+\w+|our\s+\w+)(?:'d|'m|'re|'ll|\s+would|\s+am|\s+are|\s+will)?\s+(?:\w+\s+)?(?:need|want|wish|wants|needs|have|has|like|plan|going|about|trying|supposed|asked|thinking|must|should)\b"
)


_ONLY_HOW: Final = re.compile(r"(?:and\s+)?how(?:\s+exactly)?$")
_EMPTY: Final = re.compile(
    r"(?:(?:and\s+|or\s+)?(?:why|how|when|where|what\s+for|since\s+when|how\s+so|why\s+not)|(?:would|will|could|can|won't|can't)\s+you(?:\s+(?:please|do\s+that|do\s+it))?|right|yes|no|asap|hey|hi|hello|thanks|thank\s+you|please|ok|okay|cheers|best|regards|(?:just|only)?\s*(?:show|tell|let)\s+(?:me|us)(?:\s+(?:it|that|them|first|know))?|\w+\s+(?:nothing|nobody|no\s+one)|(?:is|am\s+i|are\s+you|isn't)\s+(?:that|it|this|i|you)?\s*(?:correct|right|true|sure|so))$"
)
SOURCE_LEAD: Final = re.compile(
    r"(?:according\s+to|based\s+on|using|following|as\s+per|per|in\s+line\s+with|on\s+the\s+basis\s+of|with\s+(?:the\s+help\s+of|reference\s+to))\b"
)
_FINDING: Final = frozenset(
    [
        "look",
        "extract",
        "measure",
        "consult",
        "browse",
        "gather",
        "collect",
        "fetch",
        "read",
        "find",
        "check",
        "search",
        "review",
        "get",
        "identify",
        "query",
        "poll",
        "inspect",
        "scan",
        "skim",
        "monitor",
        "watch",
        "go",
        "open-up",
        "dig",
    ]
)


def asking_clauses(question: str) -> list[Clause]:
    """Clauses that ask; background and what was turned away ask for nothing."""
    clauses = _with_their_sides(list(_finer(list(read(question).clauses))))
    orders = [
        one for at, one in enumerate(clauses)
        if order_in(one) and not _only_mentioned(one, clauses) and not _goes_on(one, clauses[:at])
    ]  # fmt: skip
    doing = [one for one in orders if order_in(one) != "do"]
    orders = doing or orders
    if len(orders) < sum(bool(order_in(one)) for one in clauses):
        clauses = [one for one in clauses if one in orders or not order_in(one)]
    kept = [one for at, one in enumerate(clauses) if one in orders or _asks(one, clauses[at + 1 :])]
    return kept or [max(clauses, key=lambda one: one.weight)]


def _asks(clause: Clause, later: list[Clause]) -> bool:
    if _EMPTY.match(clause.plain):
        return False
    if SOURCE_LEAD.match(clause.plain) and clause.weight < 0.8:
        # "According to the plan, book it" needs the plan; a question after it already names it.
        return bool(later) and later[0].link == "and" and not later[0].text.endswith("?")
    tells = re.match(r"[a-z-]+", clause.plain)
    asked = bool(tells) and tells[0] in _FINDING and clause.weight >= 0.25
    return clause.weight >= 0.8 or asked or bool(_STARTS_WITH_CONDITION.match(clause.plain))


def order_in(clause: Clause) -> str | None:
    """Return the verb when the clause orders a change."""
    return deed(clause.plain, clause.language, whole=hidden(clause.text).strip(" ,.!?-"))


def _only_mentioned(clause: Clause, clauses: list[Clause]) -> bool:
    """In "I need to cancel it, how does that work?" nothing is to be cancelled yet."""
    at = clauses.index(clause)
    if not _OWN_PLAN.match(hidden(clause.text).strip()):
        return False
    return any(_ASKS_THE_WAY.search(one.plain) for one in clauses[at + 1 : at + 2])


def _goes_on(clause: Clause, earlier: list[Clause]) -> bool:
    """In "what can I use to get answers and index them?" the second verb belongs to the question."""
    if not earlier or clause.link not in _JOINS or not clause.text.endswith("?"):
        return False
    if _DONE_WITH_IT.match(clause.plain):
        return False
    first = next((one for one in reversed(earlier) if one.link != "and"), earlier[0])
    said = " ".join(one.plain for one in earlier[earlier.index(first) :])
    if not _QUESTION_WORD.match(first.plain):
        return False
    if _HOW_TO.match(first.plain):
        return True
    yes_or_no = not first.plain.startswith(("wh", "how"))
    return yes_or_no or len(said.split()) > _LONG_QUESTION or bool(_VERB_BEFORE.search(said))


# "How do I undo it but keep …": the second verb hangs on the same question.
_HOW_TO: Final = re.compile(
    r"(?:how|when|where|why)\s+(?:do|does|can|could|should|would|must|may|might)\s+(?:i|we|you|one|they|people|someone)\s+[a-z]"
)
_JOINS: Final = frozenset({"and", "but", "or"})
_QUESTION_WORD: Final = re.compile(
    r"(?:who|whom|whose|what|when|where|why|how|which|is|are|was|were|do|does|did|has|have|had|can|should|will|would|may|between|according)\b"
)
_VERB_BEFORE: Final = re.compile(
    r"\s(?:to\s+[a-z]{2,}|who|that|which|whose|can|could|should|must|will)\b"
)
_LONG_QUESTION: Final = 18
# "… and email it to Jo?" is meant, whatever question it hangs on.
_DONE_WITH_IT: Final = re.compile(
    r"(?:please|then)\b|[a-z-]+\s+(?:it|them|him|her|this|that|me|us)\s+(?:to|from|with|at|off|for|by)\b|(?:email|e-mail|notify|tell|inform|forward|ping|call)\s+(?:the|my|our|him|her|them|us)\b"
)


def _finer(clauses: list[Clause]) -> Iterator[Clause]:
    """Cut where an order, or a question to be told, begins in the middle of a clause."""
    for at, clause in enumerate(clauses):
        alone = at + 1 == len(clauses) or clauses[at + 1].link not in ("and", "")
        for piece in _pieces(clause, alone=alone):
            yield from _ordered_by_condition(piece)


def _pieces(clause: Clause, *, alone: bool) -> list[Clause]:
    plain = hidden(clause.text)
    cuts = [found.span() for found in _JOINT.finditer(plain) if _begins(clause, plain[found.end():])]  # fmt: skip
    asked = clause.text.endswith("?")
    if not cuts and alone and not asked and _STARTS_WITH_CONDITION.match(clause.plain):
        cuts = _order_after_condition(clause, plain)
    pieces: list[Clause] = []
    start = 0
    for stop, following in cuts:
        pieces.append(_piece(clause, clause.text[start:stop], first=start == 0))
        start = following
    return [*pieces, _piece(clause, clause.text[start:], first=start == 0)] if cuts else [clause]


def _begins(clause: Clause, rest: str) -> bool:
    """A short noun after "and" is no order, so what follows must look like one by itself."""
    if _SAYS.match(rest) or (_STARTS_WITH_CONDITION.match(rest) and "," in rest):
        return True
    if deed(rest.strip(" ,.!?-"), clause.language, sure=True) and len(rest.split()) > 1:
        return True
    if re.match(r"(?:who|what|which|where|when|why|how|is|are|was|were|do|does|did)\b", rest):
        return False
    if len(rest.split()) < 2 or (_STARTS_WITH_CONDITION.match(clause.plain) and rest[:3] == "or "):
        return False
    return bool(deed(rest, clause.language, whole=rest.strip(" ,.!?-")))


def _order_after_condition(clause: Clause, plain: str) -> list[tuple[int, int]]:
    """In "if the disk is full delete the log" nothing but the verb parts the two."""
    for found in list(re.finditer(r"\s+", plain.strip()))[3:]:
        before, rest = plain[: found.start()], plain[found.end() :]
        if len(rest.split()) < 2 or _SUBJECT.search(before):
            continue
        direct = without_politeness(rest)
        if deed(direct, clause.language, sure=True):
            return [(found.start(), found.end())]
    return []


def _piece(clause: Clause, text: str, *, first: bool) -> Clause:
    """Read a part of a clause as if it stood alone."""
    parts = read(text).clauses
    plain = " ".join(one.plain for one in parts) if parts else hidden(text)
    plain = re.sub(r"^(?:say|state|point\s+out|note)\s+(?=wh|if|how)", "", plain)
    return replace(clause, text=text.strip(" ,"), plain=plain, link=clause.link if first else "and")


def _ordered_by_condition(clause: Clause) -> list[Clause]:
    """Put what is to be looked at before what is to be done: "restart it if it is down"."""
    if _STARTS_WITH_CONDITION.match(clause.plain) or not order_in(clause):
        return [clause]
    found = _ENDS_WITH_CONDITION.search(hidden(clause.text))
    if found is None or found.start() < 4:
        return [clause]
    deed_text = clause.text[: found.start()]
    condition = re.sub(r"^only\s+", "", clause.text[found.start("condition") :], flags=re.IGNORECASE)  # fmt: skip
    doing = _piece(clause, deed_text, first=True)
    if not order_in(doing):
        return [clause]
    looking = replace(clause, text=condition, plain=hidden(condition).strip(" .?!"))
    return [looking, replace(doing, link="and")]


def _with_their_sides(clauses: list[Clause]) -> list[Clause]:
    """In "Which is longer: this or that?" the colon parts nothing."""
    joined: list[Clause] = []
    for one in clauses:
        if joined and (whole := _picked_among(joined[-1], one) or _asked_how(joined[-1], one)):
            joined[-1] = whole
            continue
        sided = joined and re.search(r"\b(?:versus|vs|or)\b|^side\s+by\s+side", joined[-1].plain)
        picks = sided and re.match(r"(?:which|what|who|the|our)\b", one.plain)
        if joined and one.link == "colon" and (picks or _OPEN_PICK.match(joined[-1].plain)):
            before = joined.pop()
            text, plain = f"{before.text}: {one.text}", f"{before.plain}: {one.plain}"
            joined.append(replace(before, text=text, plain=plain, weight=1.0))
        else:
            joined.append(one)
    return joined


def _asked_how(before: Clause, how: Clause) -> Clause | None:
    """Read "remove a member, how?" as one question."""
    if not _ONLY_HOW.match(how.plain):
        return None
    text = f"{before.text.strip(' ,')} {how.text.strip()}"
    return replace(before, text=text, plain=f"{before.plain} how")


def _picked_among(before: Clause, pick: Clause) -> Clause | None:
    """Read "of the four pumps, which draws least" as "which of the four pumps draws least"."""
    among = re.match(r"(?:between|among|of|out\s+of)\s+", before.plain)
    asked = re.match(r"(?:which|what|who)(?:\s+one)?\s+", pick.plain)
    if among is None or asked is None:
        return None
    several = before.text.strip()
    if among.group().startswith("between"):
        sides = re.sub(r"\s+and\s+", " or ", several.split(None, 1)[-1])
        text = f"{pick.text.rstrip('?')}: {sides}?"
    else:
        text = f"Which {several[0].lower()}{several[1:]} {pick.text.strip()[asked.end() :]}"
    return replace(pick, text=text, plain=hidden(text).strip(" .?!"), weight=1.0)
