"""Finds orders to change something, however politely they come; a missed one is the worst mistake."""

import re
from functools import lru_cache
from typing import Final

from graph.classification import verbs
from graph.classification.rules import ordered_change
from graph.classification.spelling import fold
from graph.planning import deed_words
from graph.planning.foreign_deeds import foreign_deed
from graph.planning.only_words import orders_nothing

_QUOTES: Final = re.compile(
    r"\"[^\"\n]{1,400}\"|“[^”\n]{1,400}”|«[^»\n]{1,400}»|‘[^’\n]{1,400}’|`[^`\n]{1,400}`"  # noqa: RUF001 - people write these signs
    r"|(?<![\w'])'[^'\n]{2,200}'(?!\w)"
)
_ASKED: Final = r"(?:you|we|someone|somebody|anyone|anybody|one\s+of\s+you|the\s+team|support|it)"
# Everything that people say before they order something.
_POLITE: Final = re.compile(
    r"(?:please|kindly|only|maybe|perhaps|also|then|now|next|finally|lastly|afterwards?|and|so|ok(?:ay)?|well|just|simply|right"
    r"|immediately|quickly|first(?:ly)?|second(?:ly)?|later|again|hey|hi|hello|thanks|thank\s+you|sorry|urgent(?:ly)?|asap|important"
    r"|if\s+(?:so|not|yes|no|possible|necessary|needed|you\s+can)|in\s+that\s+case|otherwise|once\s+(?:done|that\s+is\s+done|that's\s+done)|when\s+done"
    r"|after\s+that|from\s+now\s+on|as\s+of\s+(?:now|today|tomorrow)|either\s+way|while\s+you(?:'re|\s+are)\s+(?:at\s+it|there)|either)\s*[,:]?\s+"
    rf"|(?:can|could|would|will|might)\s+(?:i\s+(?:ask|get|trouble|have)\s+)?{_ASKED}\s+(?:to\s+|please\s+|kindly\s+|maybe\s+|perhaps\s+|possibly\s+|also\s+|just\s+|quickly\s+)*"
    rf"|(?:it\s+)?(?:would|'d|will)\s+(?:be|really\s+be)\s+(?:great|nice|good|lovely|helpful|best|wise|better|kind|cool|wonderful|ideal|perfect|amazing|fantastic)\s+(?:of\s+you\s+)?(?:if\s+{_ASKED}\s+(?:could\s+|would\s+|can\s+)?|to\s+)"
    rf"|(?:it'd|that'd|it's|it\s+is)\s+(?:be\s+)?(?:great|nice|good|lovely|helpful|best|time|high\s+time|better)\s+(?:if\s+{_ASKED}\s+(?:could\s+|would\s+)?|(?:that\s+)?{_ASKED}\s+|to\s+)"
    rf"|(?:i|we)(?:'d|\s+would|\s+will|'ll)?\s+(?:be\s+(?:\w+\s+)?(?:grateful|thankful|glad|happy|obliged)|(?:really\s+|much\s+)?appreciate\s+it|love\s+it|prefer\s+it|like\s+it)\s+if\s+{_ASKED}\s+(?:could\s+|would\s+)?"
    rf"|(?:i|we)(?:'d|\s+would|'ll|\s+will)?\s+(?:really\s+|just\s+|also\s+|still\s+|now\s+|urgently\s+)*(?:want|need|like|love|have|prefer|expect|ask|require|hope|wish|got|plan|intend|mean|decided|was\s+told)\s+(?:{_ASKED}\s+|for\s+{_ASKED}\s+)?to\s+"
    r"|(?:i|we)(?:'m|\s+am|'re|\s+are)\s+(?:trying|looking|hoping|asking|going|about|ready)\s+(?:you\s+)?to\s+"
    r"|(?:i\s+(?:think|guess|believe|suppose|suggest|propose|recommend)|my\s+suggestion\s+is|let's|let\s+us)\s+(?:that\s+)?"
    r"|(?:we|you|i|someone|somebody)(?:'d\s+better|\s+had\s+better|\s+should|\s+must|\s+ought\s+to|\s+can|\s+may|\s+could|\s+have\s+to|\s+need\s+to|'ll\s+have\s+to|\s+might\s+want\s+to|\s+are\s+to)\s+(?:now\s+|also\s+|just\s+|please\s+|then\s+)*"
    r"|(?:(?:would|do)\s+you\s+mind|is\s+there\s+(?:any\s+)?(?:a\s+)?(?:chance|way)\s+(?:that\s+)?(?:you|we|someone)\s+(?:could|can|might)|any\s+chance\s+(?:that\s+)?(?:you|we|someone)\s+(?:could|can|might))\s+"
    r"|(?:don't|do\s+not|never|let's\s+not)\s+(?:forget|hesitate|neglect)\s+to\s+|(?:remember|be\s+sure|make\s+sure|go\s+on|proceed|feel\s+free|be\s+so\s+(?:kind|good)\s+as|take\s+care|try|help\s+me|help\s+us|time)\s+to\s+"
    r"|(?:go\s+ahead\s+and|go\s+and|come\s+and|try\s+and|be\s+a\s+dear\s+and|do\s+me\s+a\s+favou?r\s+and|why\s+don't\s+you|best\s+to|better\s+to|you\s+are\s+to|your\s+(?:task|job)\s+is\s+to|the\s+next\s+step\s+is\s+to|what\s+(?:i|we)\s+(?:need|want)\s+(?:you\s+to\s+do\s+)?is\s+(?:for\s+you\s+)?to|all\s+(?:i|we)\s+(?:need|want)\s+is\s+(?:for\s+you\s+)?to)\s+"
)
_ACTIVE_LEAD: Final = re.compile(
    r"\b(?:mind|how\s+about|what\s+about|suggest|recommend|propose|appreciate\s+(?:you|your)?|consider|worth|start|begin|go\s+ahead\s+with|proceed\s+with|chance\s+of|possibility\s+of|thanks\s+for|thank\s+you\s+for)\s+(?:you\s+|your\s+)?(?P<rest>[a-z-]+ing\b.*)$"
)
_QUESTION: Final = re.compile(
    r"(?:who|whom|whose|what|what's|when|where|why|how|which|whether|is|are|was|were|do|does|did|has|have\s+(?:we|you|they|i)|am|should|shall|may|can|could|would|will|must)\b"
)
_REQUEST: Final = re.compile(
    r"(?:can|could|would|will)\s+(?:i|we|you|someone|somebody)\s+(?:please\s+)?(?:have|get|see|make|ensure|like)\b|(?:could|would)\s+(?:the|my|our|this|that|these|it|they)\b|can\s+(?:the|my|our|this|that|these|it|they)\b.*\bplease\b"
)
_OBJECT: Final = re.compile(
    r"(?:\s+(?:up|down|off|out|on|back|in))?\s+(?:the|a|an|my|our|your|his|her|their|its|this|that|these|those|all|every|each|any|both|it|them|everyone|everybody"
    r"|us|me|him|some|another|one|two|three|four|five|old|new|quoted|\d|[\w-]+'s?)\b|\s+\w+\s+(?:to|from|by|for|with|at|on|into|as|the|a|an|my|our|his|her|their|your|this|that)\b"
)
_NEEDS_NOUN: Final = re.compile(
    r"^(?:(?:i|we|they|[\w' ]{1,24}?)(?:'d|\s+would)?\s+(?:urgently\s+|really\s+|also\s+)?(?:need|needs|want|wants|like|require|requires|request|requests|demand)|time\s+for|requesting|request|asking\s+for|please\s+(?:do\s+)?)\s*(?:a|an|the|another|his|her|my|our|their)\s+(?:[\w-]+\s+){0,2}?"
    r"(?P<deed>refund|restart|reboot|reset|cancellation|removal|deletion|upgrade|downgrade|deployment|rollback|reservation|booking|transfer|rerun|re-run|reindex|rebuild|shutdown|reimbursement|replacement|extension|renewal|subscription|backup|restore|redeploy|re-ingest|refresh|sync|appointment|ticket|invite|invitation|release|reminder|unlock)\b(?!\s+(?:policy|rules|procedure|process|form|number|guide|fee|date|deadline|price|confirmation|period))"
)
_TERSE_NOUN: Final = re.compile(
    r"^(?:(?:[\w-]+\s+){0,2}?)(?P<deed>restart|reboot|reset|cancellation|removal|deletion|rollback|rerun|reindex|shutdown|refund|renewal|reservation|booking|transfer|upgrade|unlock)\s+(?:(?:of|for|to|on)\s+.{2,60}\s+)?(?:please|asap|now|immediately|urgently)$"
)

# "Undo the last commit how" is how people type into a search field; "do it no matter how" is an order.
_ASKS_HOW: Final = re.compile(r"(?:^|\s)(?!(?:know|matter|care|mind|sure)\b)\S+\s+how\W*$")


def hidden(text: str) -> str:
    """Fold, and let no quoted words decide; positions stay."""
    return fold(_QUOTES.sub(lambda quote: "quoted".ljust(len(quote[0]))[: len(quote[0])], text))


def deed(plain: str, language: str = "en", *, whole: str = "", sure: bool = False) -> str | None:
    """Return the verb when a clause orders a change; `whole` is the clause with its politeness.

    With `sure`, only what begins with a known verb counts.
    """
    if _turned_away(plain) or _ASKS_HOW.search(plain):
        return None
    if verb := _ordered(plain) or foreign_deed(plain, language):
        return verb
    if (verb := ordered_change(plain, language)) and not orders_nothing(plain):
        return verb
    if sure:
        return None
    whole = " ".join((whole or plain).split()).strip(" ,.!-")
    if verb := _politely(whole, language) or _implied(whole):
        return verb
    return unknown_order(without_politeness(plain)) if language == "en" else None


def _politely(whole: str, language: str) -> str | None:
    rest = without_politeness(whole)
    if rest != whole and not _turned_away(rest):
        found = _ordered(rest) or (None if orders_nothing(rest) else ordered_change(rest, language))
        if found:
            return found
        if past := re.match(r"([a-z-]+ed)\b", rest):
            stem = next((one for one in (past[1][:-2], past[1][:-1], past[1][:-3]) if _ordered(one + rest[past.end() :]) or ordered_change(one + rest[past.end() :])), None)  # fmt: skip
            if stem:
                return stem
    if active := _ACTIVE_LEAD.search(whole):
        return _activity(active["rest"])
    return None


def without_politeness(text: str) -> str:
    """Drop everything that only leads to the order."""
    for _ in range(8):
        found = _POLITE.match(text)
        if found is None or found.end() >= len(text):
            break
        text = text[found.end() :].lstrip(" ,:")
    return text


def _ordered(plain: str) -> str | None:
    if orders_nothing(plain):
        return None
    if found := _always().match(plain):
        return " ".join(found[1].split())
    if (found := _with_object().match(plain)) and _OBJECT.match(plain[found.end() :]):
        return " ".join(found[1].split())
    if found := _APART.match(plain):
        return f"{found[1]} {found[2]}"
    if found := _stop_or_more().match(plain):
        return found[1]
    if _DECIDES.match(plain):
        return "decide"
    return "do" if _DO_SO.match(plain) else None


def unknown_order(plain: str) -> str | None:
    """Return a first word that stands like a verb of an order, and that is not known as harmless."""
    found = _LIKE_AN_ORDER.match(plain)
    if found is None or orders_nothing(plain):
        return None
    verb = found[1]
    known = verb in deed_words.known_as_no_order() or _ENDS_LIKE_NO_VERB.search(verb)  # fmt: skip
    return None if known else verb


_LIKE_AN_ORDER: Final = re.compile(
    r"([a-z][a-z-]{2,})\s+(?:(?:up|off|down|out|away|back|over)\s+)?(?:me|us|the|a|an|my|our|your|his|her|their|its|this|these|those|all|every|each|both|it|them|him|everyone|everybody|everything|another"
    r"|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred)\b"
)
_ENDS_LIKE_NO_VERB: Final = re.compile(
    r"(?:[a-z]{3,}ing|tion|ness|ity|ism|ous|ful|[^s]s|(?<!\bshr)(?<!\bemb)(?<!\bf)(?<!\bwe)(?<!\bproce)(?<!\bspe)(?<!\bse)(?<!\bfe)ed)$"
)
_DECIDES: Final = re.compile(
    r"(?:make|take)\s+(?:a|an|the|this|that|our|my|your)\s+(?:[\w-]+\s+){0,3}decision\b"
)
_DO_SO: Final = re.compile(
    r"(?:do\s+(?:so|it|that|this)|go\s+ahead|proceed|make\s+it\s+(?:so|happen)|carry\s+(?:it|that)\s+out)(?:\s+(?:now|then|please|today|at\s+once|immediately|anyway|for\s+me|too|as\s+well))*$"
)


@lru_cache(maxsize=1)
def _stop_or_more() -> re.Pattern[str]:
    noun_like = verbs.any_of(verbs.NOUN_LIKE_CHANGES)
    return re.compile(
        rf"((?:stop|quit|cease)(?=\s+[a-z]+ing\b)|{noun_like}(?=\s+\w+\s+#?\d)|{noun_like}(?=\s+(?:more|extra|additional|enough|fresh|further|several|many|some|any|anything|whatever)\b))"
    )


_APART: Final = re.compile(
    rf"({deed_words.APART})\s+(?:the|a|an|my|our|your|his|her|their|its|this|that|these|those|all|every|both|it|them|everything|everyone|him|[\w-]+(?:'s)?)\b(?:\s+[\w'-]+){{0,8}}?\s+({deed_words.APART_END})(?=\s|[,.;!?]|$)"
)


@lru_cache(maxsize=1)
def _always() -> re.Pattern[str]:
    return re.compile(rf"({verbs.any_of(deed_words.ALWAYS)})\b(?!\s+(?:of|is|are|was)\b)")


@lru_cache(maxsize=1)
def _with_object() -> re.Pattern[str]:
    return re.compile(rf"({verbs.any_of(deed_words.WITH_OBJECT)})\b(?!')")


def _turned_away(plain: str) -> bool:
    return bool(
        re.match(
            r"(?:don't|do\s+not|never|no\s+need\s+to|not)\b(?!\s+(?:forget|hesitate|only)\b)", plain
        )
    )


def _activity(plain: str) -> str | None:
    if orders_nothing(plain):
        return None
    for length in (3, 2, 1):
        head = " ".join(plain.split()[:length])
        if verb := deed_words.activities().get(head):
            return verb
    return None


@lru_cache(maxsize=1)
def _wished() -> tuple[re.Pattern[str], ...]:
    done = deed_words.done_words()
    return (
        # "the crawler should be paused", "Jens needs to be added"
        re.compile(
            rf"^(?:(?:the|my|our|this|that|these|those|his|her|their|its|it|they|both)\b(?![^.]*?\b(?:says?|states?|requires?|which|who|that)\b)[\w' ,-]{{0,80}}?\b(?:should|must)|(?!(?:each|every|any|all|nothing|nobody|none|neither|no)\b)[\w' ,-]{{1,80}}?\b(?:needs?\s+to|has\s+to|have\s+to|ought\s+to|is\s+to|are\s+to))\s+(?:now\s+|please\s+|also\s+|really\s+|all\s+|immediately\s+|finally\s+)*(?:be|get)\s+(?:now\s+|all\s+|immediately\s+|re-?)?(?P<deed>{done})\b"
        ),
        # "I'd like the invoice resent", "please have it rerun", "get him removed", "make sure it is sent"
        re.compile(
            rf"^(?:.{{0,40}}?\b)?(?:want|wants|need|needs|like|love|prefer|have|get)\s+(?:to\s+(?:have|get)\s+)?(?!.*\bbeen\b)(?!(?:the|a|an)\s+(?:list|overview|number|names|details|dates|count|total|copy)\s+of\b)(?:the|a|an|my|our|your|his|her|their|its|this|that|these|those|all|every|both|it|them|everything|him|some|someone|quoted|[\w-]+(?:'s)?)\b(?:\s+[\w'-]+){{0,8}}?\s+(?:to\s+be\s+|being\s+|gets?\s+)?(?P<deed>{done})\b"
        ),
        re.compile(
            rf"^(?:.{{0,30}}?\b)?(?:ensure|make\s+(?:sure|certain)|see\s+to\s+it|check\s+that|arrange\s+for|arrange|see)\s+(?:that\s+)?.{{1,80}}?\s+(?:is|are|gets?|be|to\s+be|will\s+be|has\s+been|have\s+been)\s+(?:all\s+|properly\s+)?(?P<deed>{done})\b"
        ),
        # "could the heating be turned down", "can it please be moved"
        re.compile(
            rf"^(?:(?:could|would)\s+(?:the|my|our|this|that|these|it|they)\b(?:[\w' -]{{0,60}}?)\s+|can\s+(?:the|my|our|this|that|these|it|they)\b(?:[\w' -]{{0,60}}?)\s+please\s+)be\s+(?P<deed>{done})\b"
        ),
        # "X wants deleting", "the logs need deleting"
        re.compile(r"^[\w' -]{1,60}?\b(?:needs?|wants?|requires?)\s+(?P<activity>[a-z-]+ing)\b"),
    )


# "I need the year in which he retired" wants to know it; "I don't want it sent" wants nothing sent.
_SAYS_WHICH: Final = re.compile(
    r"\b(?:need|want|like|love|have|get)\b.*\s(?:which|who|whom|whose|where|when)\s|\b(?:don't|do\s+not|doesn't|never)\s+(?:want|need|like)\b"
)


def _implied(whole: str) -> str | None:
    """A wish that something be changed, with nobody told to do it."""
    rest = without_politeness(whole)
    for text in dict.fromkeys((whole, rest)):
        if _QUESTION.match(text) and not _REQUEST.match(text):
            continue
        if re.search(r"\b(?:how|why|whether|what|which|who|if|when)\b", text.split(" be ")[0][:60]):
            continue
        for pattern in _wished():
            found = pattern.search(text)
            if found and not _SAYS_WHICH.search(found.group()):
                named = found.groupdict()
                verb = named.get("deed") or _activity(named.get("activity") or "")
                if verb:
                    return " ".join(verb.split())
        if found := _NEEDS_NOUN.search(text) or _TERSE_NOUN.search(text):
            return found["deed"]
    return None
