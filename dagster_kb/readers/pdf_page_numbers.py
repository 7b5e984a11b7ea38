"""Where a line of a PDF may tell the number of its page: `3`, `- 3 -`, `Page 3 of 9`, `Handbook | 3`."""

import re
from collections.abc import Iterator
from typing import Final

from dagster_kb.readers.pdf_lines import Line

_SIGN: Final = "#"
_PARTS: Final = re.compile(r"\t|\s*[|•·–—]\s*|(?:^|\s)-\s|\s-$")  # noqa: RUF001
_TOTAL: Final = r"(?:\s*(?:of|von|de|di|sur|/)\s*\d{1,5})"
_PAGE: Final = re.compile(
    rf"(?P<word>(?:page|seite|p[aá]gina|p[aá]g|pg|blatt|folio|p|s)\b\.?\s*)?"
    rf"(?P<number>\d{{1,5}})(?P<total>{_TOTAL})?",
    re.IGNORECASE,
)
_AMONG_WORDS: Final = re.compile(
    rf"\b(?:page|seite)\s+(?P<number>\d{{1,5}})\b{_TOTAL}?", re.IGNORECASE
)
# Without a word that says so, a longer number is rather a year.
_LONGEST_ALONE: Final = 3


def page_numbers(line: Line) -> Iterator[tuple[str, int]]:
    """Return each number that may be the page's, and what the line says beside it.

    `Chapter 3` is no such line: a number that nothing sets apart from its words belongs to them.
    """
    parts = [one.strip() for one in _PARTS.split("\t".join(line.cells))]
    for at, part in enumerate(parts):
        found = _PAGE.fullmatch(part) or _AMONG_WORDS.search(part)
        if found is None:
            continue
        plain = found.re is _PAGE and not (found["word"] or found["total"])
        if plain and len(found["number"]) > _LONGEST_ALONE:
            continue
        first, last = found.span("number")
        beside = [*parts[:at], f"{part[:first]}{_SIGN}{part[last:]}", *parts[at + 1 :]]
        yield "\t".join(beside).casefold(), int(found["number"])


def is_bare(beside: str) -> bool:
    """Tell whether a line says nothing but its page's number."""
    return _PAGE.fullmatch(beside.strip().replace(_SIGN, "1")) is not None
