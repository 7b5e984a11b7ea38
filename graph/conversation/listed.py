"""Finds what "the first one" or "the latter" means: sides of a question, or lines of an answer."""

import re
from collections.abc import Sequence
from typing import Final

from graph.conversation.pointing import ORDINALS

_SIDES: Final = re.compile(
    r"(?:\bcompare\s+|\bdifferences?\s+between\s+|\bbetween\s+|\bboth\s+|^)(?P<one>[^,;:?]{2,80}?)\s+(?:and|versus|vs\.?|or|with)\s+(?P<other>[^,;:?]{2,80})$",
    re.IGNORECASE,
)
_LINE: Final = re.compile(r"^\s{0,3}(?:[-*•]|\d+[.)])\s+(?P<text>.+)$", re.MULTILINE)
_MARKS: Final = re.compile(r"\s*\[\d+\]|[“”\"`*]")
_FIELD: Final = re.compile(r"^(?P<first>[\w ]{2,30}: [^,;:]{1,80})[,;] [\w ]{2,30}: ")
_JUDGED: Final = re.compile(
    r"\s+(?:better|worse|(?:more|less)\s+\w+|\w{3,}er|good|right|allowed|preferred)$", re.IGNORECASE
)
_LONGEST: Final = 100


def item_at(ordinal: str, questions: Sequence[str], answer: str) -> str:
    """Return the thing; nothing where there is no list that has so many."""
    sides = [found for one in questions if (found := _sides(one))]
    items = sides[0] if sides else _lines(answer)
    place = ORDINALS[ordinal]
    return items[place] if len(items) > 1 and place < len(items) else ""


def _sides(text: str) -> list[str]:
    found = _SIDES.search(_JUDGED.sub("", text.rstrip("?. ")))
    return [found["one"].strip(), found["other"].strip()] if found else []


def _lines(answer: str) -> list[str]:
    """What the lines of an answer say, as quotations: words of documents are data and order nothing."""
    return [f"“{_short(_MARKS.sub('', one['text']))}”" for one in _LINE.finditer(answer)]


def _short(text: str) -> str:
    line = " ".join(text.split()).rstrip(".;: ")
    if field := _FIELD.match(line):
        return field["first"]
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST].rsplit(' ', 1)[0]} …"
