"""What a request is about, without the words that say what is to be made of it."""

import re
from collections.abc import Sequence
from typing import Final

from graph.classification import verbs

_WRITES: Final = (
    rf"(?:please\s+|could\s+you\s+|can\s+you\s+|would\s+you\s+)?(?:{verbs.any_of(verbs.WRITING)}|prepare|make|give|create|put\s+together)"
    r"(?:\s+(?:me|us))?"
)
_TEXT: Final = (
    r"(?:(?:a|an|the|one|some|two|three|four|five)\s+)?(?:[\w-]+\s+){0,2}?"
    r"(?:e-?mails?|mail|messages?|notes?|letters?|memos?|summar(?:y|ies)|overviews?|checklists?|lists?|announcements?|posts?|repl(?:y|ies)"
    r"|answers?|reports?|plans?|proposals?|outlines?|drafts?|texts?|paragraphs?|slides?|faqs?|guides?|reminders?|invitations?|notices?|previews?"
    r"|recommendations?|sentences?|lines?|bullet\s+points|sketch|explanation|description)"
)
_ABOUT: Final = r"(?:about|(?<!based\s)on|of|regarding|concerning|covering|(?:that\s+|which\s+)?(?:explain|describ|announc|summari[sz])(?:s|es|ing)|saying)"
_FROM: Final = r"\s*,?\s+(?:based\s+on|from|according\s+to|using|out\s+of)\s+.+$"
_MATTERS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^{_WRITES}\s+{_TEXT}(?:\s+(?:to|for)\s+.{{1,40}}?)?\s+{_ABOUT}\s+(?P<matter>.+)$",
        rf"^{_WRITES}\s+{_TEXT}\s+(?:for|to)\s+(?P<matter>.+?)(?={_FROM}|$)",
        r"^(?:please\s+|could\s+you\s+|can\s+you\s+)?(?:summari[sz]e|recap|outline|sum\s+up|recommend|suggest|preview)(?:\s+(?:me|us))?\s+(?P<matter>.+)$",
    )
)
_CHANGED: Final = re.compile(
    r"^(?:so\s+|and\s+|hi\W+)?(?:what(?:'s|\s+is|\s+has|\s+have|\s+was|\s+were)?|(?:has|have|did)\s+anything)\s+(?:been\s+)?"
    r"(?:changed?|new|different|updated|added|removed)(?:\s+(?:in|with|to|from)\s+it)?"
    r"(?:\s+(?:recently|lately|today|yesterday|this\s+\w+|since\s+.{1,40}|in\s+the\s+last\s+.{1,20}|last\s+\w+|again|now))*\s*[?.!]*$",
    re.IGNORECASE,
)
_COMPARES: Final = re.compile(
    r"\b(?:compar\w+|contrast\w*|differ\w*|versus|vs|which|what|who|whose|is|are|was|were|does|do|has|have|one|the\s+two|both|either|between|and|or|than|with|our"
    r"|better|worse|best|worst|more|less|most|least|fewer|\w{3,}(?:er|est)|how|should|we|i|you|please|us|me|tell|show|explain|use|choose|pick|prefer)\b",
    re.IGNORECASE,
)
_EMPTY: Final = frozenset(
    {
        "this",
        "that",
        "these",
        "those",
        "them",
        "they",
        "there",
        "their",
        "from",
        "when",
        "where",
        "here",
    }
)
_TELLING: Final = 2


def matter_of(request: str) -> str:
    """Return what documents are to be asked about; the request itself where it names no text to be made."""
    asked = request.strip()
    for pattern in _MATTERS:
        if found := pattern.match(asked):
            return found["matter"].strip(" ?.!") or asked
    return asked


def context_of(question: str, sides: Sequence[str]) -> str:
    """Return in view of what the sides are compared: "for undoing a pushed commit"; empty where nothing says so."""
    apart = re.compile(
        "|".join(map(re.escape, sorted(sides, key=len, reverse=True))), re.IGNORECASE
    )
    parts = re.split(r"[,:;]", apart.sub(",", question))
    bare = [_COMPARES.sub(" ", part).strip(" ?.!") for part in parts]
    longest = max(bare, key=lambda one: len(_telling(one)), default="")
    return " ".join(longest.split()) if len(_telling(longest)) >= _TELLING else ""


def _telling(text: str) -> list[str]:
    return [word for word in re.findall(r"[\w'-]{4,}", text.lower()) if word not in _EMPTY]


def asks_what_changed(unnamed: str) -> bool:
    """Tell whether all that is asked of an agent, here called "it", is what has changed."""
    return bool(_CHANGED.match(unnamed.strip()))
