"""Tells whether a question can be understood alone, or points at something that was said before it."""

import re
from typing import Final

from graph.classification.spelling import fold

FUNCTION_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "a an the is are was were be been do does did can could may might must shall should will would have has had"
        " what which who whom whose when where why how much many long often far big and but or so then of for in on at with"
        " from to by as if not no yes please me my we our us you your i there here any some all it its they them their"
        " this that these those he him his she her ones one same still even also just only actually really anyway someone"
        " somebody anyone anybody everyone nobody people person too again now later first already exactly about tell show"
        " give explain describe want know let get got go say says said don t s re ll ve m isn doesn didn can won",
    )
)
# What is asked of something, so that a question of these words alone has not said of what.
_OF_SOMETHING: Final = frozenset(
    re.findall(
        r"\w+",
        "alternative alternatives exception exceptions difference differences reason reasons limit limits deadline"
        " deadlines example examples detail details step steps penalty cost costs price requirement requirements risk"
        " risks advantage advantages disadvantage disadvantages downside downsides upside benefit benefits consequence"
        " consequences catch rule rules way ways option options else other others more less better worse best worst"
        " case cases maximum minimum average total purpose meaning point source sources written documented responsible"
        " allowed required needed necessary possible safe true right wrong important mandatory optional work works happen"
        " happens apply applies count counts mean means matter matters differ decide decides sign signs approve approves"
        " check checks pay pays start starts begin begins end ends last lasts take takes need needs use do done change"
        " faster slower cheaper easier quicker safer harder quick easy told informed notified affected involved proof prove proves prefer recommend recommended summary summarise summarize shorter longer simpler words further",
    )
)
_EXPLETIVE: Final = re.compile(
    r"\bit\s+(?:takes?|took|is|was|would\s+be|seems?|rains?|snows?|costs?\s+to|(?:possible|allowed|necessary|true|safe|ok))\s+(?:\w+\s+){0,2}(?:to|that|for|when|if)\b"
    r"|\b(?:does|did|will|would|can)\s+it\s+(?:take|cost)\s+(?:\w+\s+){0,2}to\b|\bis\s+it\s+\w+\s+(?:to|that|for|if)\b"
    r"|\bwhat\s+(?:time|day)\s+is\s+it\b|\bis\s+it\s+true\b",
    re.IGNORECASE,
)
_PRONOUN: Final = re.compile(
    r"\b(?P<one>its?|itself)\b|\b(?:they|them|their|theirs|he|him|his|she|her|hers)\b",
    re.IGNORECASE,
)
_POSSESSIVE: Final = {"its", "their", "his", "her"}
_AUX: Final = r"(?:do|does|did|will|would|can|could|must|should|may|is|are|was|were|has|have|had)"
# A word that shows something: alone, or with a thing that is no stretch of time.
_SHOWN: Final = re.compile(
    r"\b(?:this|these|those)(?=\s*(?:[?.!,;]|$)|\s+(?:is|are|was|were|ones?)\b)"
    r"|\b(?:this|these)\s+(?!week|month|year|quarter|season|morning|evening|time|day|weekend|afternoon|night|hour|minute|moment|second|summer|winter|collection|archive|repository|library|corpus|system|is\b|are\b|was\b|were\b)\w+"
    rf"|(?:^|\b{_AUX}\s+|\b(?:of|about|for|with|after|before|by|to|on|in|when|where|why|how|what|who)\s+)that(?=\s*(?:[?.!,;]|$)|\s+(?:is|was|ones?|rules?|limits?|case|deadline|policy)\b)"
    rf"|\b\w+\s+that\s*(?:[?.!]|$)|\b{_AUX}\s+(?:this|that|these|those)\b"
    r"|\b(?:the\s+(?:same(?=\s*(?:[?.!,]|$)|\s+(?:go|goes|apply|applies|hold|holds|true|for|rules?|thing|way|case)\b)|former|latter|others?|rest|other\s+ones?)|which\s+ones?|either\s+of|neither\s+of|both\s+of|another\s+one)\b(?!\s+(?:thing|day)\b)"
    r"|\b(?:the\s+)?\w+\s+ones?\s*(?:\?|$)|\b(?:and|or)\s+if\s+not\b|\bif\s+not\s*\??$"
    r"|\b(?:ca|do|does|did|is|are|wo|would|should|could|have)n'?t\s*\??$|\b(?:can|do|does|is|are)\s*not\s*\??$"
    r"|\b(?:das|dies|dat|dit)\s*\??$|^(?:gilt|darf|kann|muss|ist|wird|geht|mag|kan|geldt)\s+(?:man\s+|ich\s+)?(?:das|dat)\b|\b(?:ca|cela|eso|esto|questo|cio|isso)\b"
    r"|^(?:and\s+)?which\s+(?:is|are|was|were|has|have|should|would|can|do|does)\b(?!.*(?:[,:]|\bor\b))|\b(?:which|what|any|some)\s+others?\b|(?<!one )\banother\b"
    r"|\b(?:mine|yours|ours|hers|either|neither|both)\s*(?:[?.!,]|$)|\b(?:may|can|must|should|does|is|has|could)\s+one\b|\bone\s*(?:[?.!,]|$)"
    r"|\b(?:too|also|as\s+well|instead|either|otherwise)\s*\??$",
    re.IGNORECASE,
)
ORDINALS: Final = {
    "first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "sixth": 5, "1st": 0, "2nd": 1, "3rd": 2, "4th": 3, "last": -1,
    "former": 0, "latter": -1,
}  # fmt: skip
ORDINAL: Final = re.compile(
    rf"\b(?:the\s+)?(?P<which>{'|'.join(ORDINALS)})\s+ones?\b|\bthe\s+(?:(?P<two>former|latter)\b|(?P<alone>{'|'.join(ORDINALS)})(?=\s*(?:[?.!,;]|$)|\s+(?:{_AUX[3:-1]}|in|for|of\s+(?:them|these|those)|mean|means|apply|applies|anyway|instead|too)\b))",
    re.IGNORECASE,
)
_CONTINUES: Final = re.compile(r"^(?:and|but)[,\s]+(?=\w+)", re.IGNORECASE)
_MOST_OWN: Final = 8
"""Who says more than this names what it is about."""
_LITTLE: Final = 5
"""Before a word that points: behind so many, it points at them."""
_THING: Final = re.compile(
    rf"(?:^|\b(?:an?|the|our|my|your|each|every|all|any|some|no|which|whose|how\s+many|of|for|in|on|to|from|with|about|before|after|{_AUX}|if|when)\s+)"
    r"(?=(?P<noun>[^\W\d_][\w.-]+)(?:\s+(?P<more>[^\W\d_][\w.-]+))?)",
    re.IGNORECASE,
)
_NEXT_CLAUSE: Final = re.compile(
    r"[,:;.!?]|\b(?:when|if|before|after|while|until|because|since|so|that|who|where|how|and|or|but|once|as)\b",
    re.IGNORECASE,
)


def points_back(question: str) -> bool:
    """Whether words of it stand for something that it does not name itself."""
    if _EXPLETIVE.search(question) or len(content(question)) > _MOST_OWN:
        return False
    if ORDINAL.search(question) or _of_what(question):
        return True
    plain = fold(question)
    if any(_names_little(plain[: one.start()], _LITTLE) for one in _SHOWN.finditer(plain)):
        return True
    return any(not _named_within(question, found) for found in _PRONOUN.finditer(question))


def goes_on(question: str) -> bool:
    """Whether "and" or "but" ties a short question to the one before."""
    return bool(_CONTINUES.match(question)) and len(content(question)) <= 4


def without_lead(question: str) -> str:
    """Leave out the word that only ties it to the one before."""
    rest = _CONTINUES.sub("", question, count=1)
    return rest[:1].upper() + rest[1:]


def content(text: str) -> list[str]:
    """Return the words that name something."""
    return [one for one in re.findall(r"[^\W_]+", fold(text)) if one not in FUNCTION_WORDS]


def _of_what(question: str) -> bool:
    """Whether something is asked of a thing that is not said: "is there an alternative?"."""
    words = content(question)
    return bool(words) and len(words) <= 2 and all(one in _OF_SOMETHING for one in words)


def _named_within(question: str, pronoun: re.Match[str]) -> bool:
    """Whether the pronoun's thing stands before it, in another clause: "if a key leaks, who rotates it?"."""
    before = question[: pronoun.start()]
    if not _names_little(before, _LITTLE):
        return True
    single = pronoun["one"] is not None
    for found in _THING.finditer(before):
        nouns = [one for one in (found["noun"], found["more"]) if one]
        if not content(found["noun"]):
            continue
        if single and all(_is_plural(one) for one in nouns):
            continue
        if pronoun[0].lower() in _POSSESSIVE or _NEXT_CLAUSE.search(before, found.end("noun")):
            return True
    return False


def _names_little(before: str, few: int) -> bool:
    """Whether so little stands before a word that it can hardly stand for some of it."""
    return len(content(before)) < few


def _is_plural(noun: str) -> bool:
    return bool(re.search(r"[^sui]s$", noun.lower()))
