"""What documents are asked about: "which pages mention vacuum?" asks for those in which that stands."""

import re
from typing import Final

_KINDS: Final = (
    r"(?:documents?|docs|files?|pages?|articles?|manuals?|guides?|sources?|sections?|chapters?|notes|records|items"
    r"|materials?|information|anything|something|everything|stuff|entries)"
)
_SPEAKS: Final = (
    r"(?:mention\w*|cover\w*|discuss\w*|contain\w*|describ\w*|explain\w*|address\w*|treat\w*|name[sd]?|include[sd]?|including"
    r"|(?:refer\w*|relat\w*)\s+to|(?:talk\w*|speak\w*|say\s+(?:any|some)thing)\s+(?:of|about|on)|deal\w*\s+with"
    r"|touch\w*\s+(?:on|upon)|about|on|of|regarding|concerning|for)"
)
_PLACE: Final = r"(?:\s+(?:anywhere|somewhere|at\s+all|here|yet|in\s+(?:the|our|your|any|some|all)\b.*|by\s+any\b.*))*\s*[?.!]*$"
_ASKED: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_KINDS}\b(?:\s+(?:\w+\s+){{0,4}}?)(?:that|which|who|do|does|is|are)?\s*{_SPEAKS}\s+(?P<about>.+?){_PLACE}",
        rf"^(?:is|are|was|were)\s+(?P<about>.+?)\s+(?:ever\s+)?(?:mentioned|covered|described|discussed|documented|explained){_PLACE}",
        rf"^(?:who|what|which)\s+(?:all\s+)?mentions?\s+(?P<about>.+?){_PLACE}",
        rf"\bwhat\s+(?:do|have)\s+(?:we|you|i|they)\s+(?:have|got|hold|keep)\s+(?:on|about|regarding)\s+(?P<about>.+?){_PLACE}",
    )
)
_BOUNDS: Final = re.compile(r"^(?:the|a|an|any|our|word|term|subject|topic|of)\s+", re.IGNORECASE)
_OURS: Final = re.compile(
    r"^(?:agents?|documents?|docs|files?|pages?|sources?|topics?|tags?|versions?|it|them|this|that|all|each|every|everything|there"
    r"|(?:the\s+|our\s+)?(?:knowledge|collections?|catalogue|archive|handbooks?))\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"\w[\w.+#-]*\w|\w")
_SHORT: Final = 4
_ENDING: Final = 3


def subject_of(question: str, names: tuple[str, ...] = ()) -> str:
    """Return what must stand in the documents, without the agents' names; empty: nothing is said of it."""
    bare = _without(question.strip(), names)
    for pattern in _ASKED:
        if found := pattern.search(bare):
            about = found["about"].strip(" \"'?.!,")
            while (less := _BOUNDS.sub("", about)) != about:
                about = less
            if about and not _OURS.match(about):
                return about
    return ""


def starts_of(subject: str) -> list[str]:
    """Return how its words may begin in a text, as patterns of `ilike`: a cheap sieve before stemming."""
    words = _WORD.findall(subject)
    long = [one for one in words if len(one) >= _SHORT] or words
    return [f"%{_plain(one[: max(_SHORT, len(one) - _ENDING)])}%" for one in long]


def _without(question: str, names: tuple[str, ...]) -> str:
    for name in names:
        spelt = re.sub(r"[\W_]+", r"[\\W_]+", name.strip())
        question = re.sub(
            rf"\s+(?:in|of|by|from)\s+(?:the\s+)?{spelt}\b", "", question, flags=re.IGNORECASE
        )
    return question


def _plain(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
