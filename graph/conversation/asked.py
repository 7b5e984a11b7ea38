"""A question as the talk has it: its words, and what it is about where they do not say so."""

import re
from dataclasses import dataclass, replace
from typing import Final

from graph.conversation.pointing import content

_ASKING: Final = re.compile(
    r"^(?:(?:please|tell\s+me|show\s+me|give\s+me|explain|can\s+you\s+(?:tell|show)\s+me|i\s+want\s+to\s+know|compare|describe"
    r"|summari[sz]e|list|and|but|so|ok(?:ay)?|now|also)\b[,\s]+(?:about\s+)?)*"
    r"(?:(?:what|which|who|whom|whose|when|where|why|how(?:\s+(?:much|many|long|often|far|old|big|large|fast))?)\b(?:['\u2019](?:s|re)\b)?\s*)?"
    r"(?:(?:is|are|was|were|can|could|may|might|must|should|shall|will|would|do|does|did|has|have|had|if)\b\s*)?",
    re.IGNORECASE,
)
_SPEAKER: Final = re.compile(
    r"^(?:i|we|you|they|it|one|there|that|this|these|those)\s+(?=\w)", re.IGNORECASE
)
_QUESTION: Final = re.compile(
    r"^(?:(?:and|but|or|so|also|then)[,\s]+)?(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|can|could|may"
    r"|might|must|should|will|would|does|did|has|any)\b",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(r"^(?P<core>.*?)\s+\(about “(?P<about>[^”]*)”\)\??$", re.DOTALL)
_WHY_OF: Final = re.compile(r"^[^()]{1,40} \((?P<of>.+)\)$", re.DOTALL)
_QUOTES: Final = re.compile(r"[“”„«»\"]")
CASE: Final = re.compile(r",\s+in\s+the\s+case\s+of\s+(?P<case>[^,]+)$", re.IGNORECASE)
_LONGEST_SUBJECT: Final = 300


@dataclass(frozen=True)
class Asked:
    """Written out by `str`, and read again by `taken_apart`."""

    core: str
    about: str = ""
    mark: str = "?"

    def __str__(self) -> str:
        # In quotation marks, since what was said before orders nothing now.
        about = _QUOTES.sub("", self.about)[:_LONGEST_SUBJECT]
        return f"{self.core} (about “{about}”){self.mark}" if about else f"{self.core}{self.mark}"

    @property
    def subject(self) -> str:
        """What the talk is about, its newest case first; what a leaning question says itself comes last."""
        case = CASE.search(self.core)
        own = topic(CASE.sub("", self.core))
        if case:
            return f"{case['case']}; {own}"
        if not self.about:
            return own
        first = self.about.split("; ")[0]
        return f"{first}; {own}" if len(content(own)) > 1 else self.about


def as_said(text: str, about: str = "") -> Asked:
    """Take somebody's words; an order stays an order."""
    asks = text.endswith("?") or _QUESTION.match(text)
    return Asked(text.rstrip("?. "), about, "?" if asks else "")


def taken_apart(said: str) -> Asked:
    """Part what was made whole before into the question and its subject, so that subjects do not pile up."""
    found = _ABOUT.match(said)
    asked = as_said(said)
    core, about = (found["core"], found["about"]) if found else (asked.core, "")
    if inner := _WHY_OF.match(core):
        return replace(as_said(inner["of"]), about=about)
    return Asked(core, about, asked.mark)


def topic(question: str) -> str:
    """Return what a question is about: all of it but the words that only ask."""
    said = question.strip().rstrip("?.! ")
    rest = _ASKING.sub("", said, count=1).strip()
    return _SPEAKER.sub("", rest, count=1).strip() or rest or said
