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


def item_at(ordinal: str, just: Sequence[str], answer: str, earlier: Sequence[str]) -> str:
    """Return the thing of the nearest list: of what was asked just now, of its answer, of what was asked before."""
    lists = [*map(_sides, just), _lines(answer), *map(_sides, earlier)]
    items = next((one for one in lists if len(one) > 1), list[str]())
    place = ORDINALS[ordinal]
    return items[place] if place < len(items) else ""


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
