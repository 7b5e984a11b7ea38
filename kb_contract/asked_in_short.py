"""Questions that ask for a text in short, and of what: "summarise the release rules"."""

import re
from typing import Final

from kb_contract.asking_words import only_asks

_POLITE: Final = r"(?:(?:please|hi|hello|bitte|kindly|just|quickly|briefly|what's|what|is|are|can|could|would|will|you|i'd like|i need|i want)[\s,]+)*"
_FEW: Final = r"(?:(?:short|brief|quick|concise|high[- ]level|rough|general|one[- ]paragraph)\s+)?"
_DONE: Final = (
    r"(?:summari[sz]e|sum\s+up|recap|condense|outline|résume[rz]?|riassumi|resuma|resumir)"
)
_GIVEN: Final = (
    r"(?:(?:give|write|get|make|show|have|provide)(?:\s+(?:me|us))?\s+)?(?:(?:an?|the)\s+)?" + _FEW
    + r"(?:summary|overview|digest|gist|recap|outline|abstract|tl;?dr|main\s+points|key\s+points|essentials)\s*(?:of|on|for|about|:)?"
)  # fmt: skip
_BEFORE: Final = re.compile(rf"^\W*{_POLITE}(?:{_DONE}|{_GIVEN})\s+(?:(?:of|on|about)\s+|for\s+(?:me|us)\s+)?(?P<what>\S.*)$", re.IGNORECASE | re.DOTALL)  # fmt: skip
_AROUND: Final = re.compile(
    r"^\W*(?:bitte\s+)?(?:fasse?|vat)\s+(?P<what>\S.*?)\s+(?:zusammen|samen)\b", re.IGNORECASE
)
_HOW_SHORT: Final = re.compile(
    r"[\s,]+(?:for\s+(?:me|us|a\s+\w+)|please|briefly|quickly|in\s+(?:short|brief|one\s+paragraph|a\s+few\s+\w+"
    r"|(?:plain|simple)\s+words|(?:\d+|one|two|three|four|five|six|seven|eight|ten)\s+(?:bullets?|points?|sentences?|lines?)))\W*$",
    re.IGNORECASE,
)
# Two things, or more than the text itself: that is no summary of one.
_MORE: Final = re.compile(
    r"\b(?:and\s+(?:then\s+)?(?:send|mail|e-?mail|post|compare|tell|say|check|list)|compare|versus|vs|both|each)\b",
    re.IGNORECASE,
)
_LONGEST: Final = 300


def asked_in_short(question: str) -> str:
    """Return what a summary is asked of; nothing where none is, or where more than that is asked."""
    text = question.strip()
    if len(text) > _LONGEST or _MORE.search(text):
        return ""
    found = _BEFORE.match(text) or _AROUND.match(text)
    what = _HOW_SHORT.sub("", found["what"]).strip(" \t\n?.!\"'") if found else ""
    return "" if not what or only_asks(what) else what
