"""Finds definitions by their first lines, for languages whose grammar is not here."""

import re
from collections.abc import Iterator
from typing import Final

from dagster_kb.readers.code_definitions import Definition

_MODIFIERS: Final = (
    r"(?:(?:public|private|protected|internal|static|final|abstract|open|override|sealed|data|"
    r"async|suspend|inline|local|export|pub|mutating|or\s+replace|temp(?:orary)?|unique)\s+)*"
)
_KINDS: Final = (
    r"(?:fun|func|function|def|defp|defmodule|sub|class|struct|interface|object|enum|trait|"
    r"protocol|extension|module|message|service|type|input|resource|data|variable|output|"
    r"create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?(?:unique\s+)?"
    r"(?:table|view|materialized\s+view|function|procedure|index|trigger|type|schema))"
)
# Only at the very left: what is indented belongs to what stands above it.
_FIRST_LINE: Final = re.compile(
    rf"^{_MODIFIERS}{_KINDS}\s+(?:if\s+not\s+exists\s+)?"
    r"(?P<name>\"[^\"\n]{1,80}\"(?:\s+\"[^\"\n]{1,80}\")?|[\w.$:<>?!-]{1,100})",
    re.IGNORECASE | re.MULTILINE,
)
_ASSIGNED: Final = re.compile(r"^(?P<name>[\w.]{1,100})\s*(?:<-|=)\s*function\b", re.MULTILINE)
_COMMENT_ABOVE: Final = re.compile(r"(?:^(?:--|//|#|@|\*|/\*| \*)[^\n]*\n)+\Z", re.MULTILINE)
_LOOKED_BACK: Final = 4_000


def definitions_by_lines(text: str) -> tuple[Definition, ...]:
    """Return definitions, each up to the next one."""
    found = sorted(dict(_starts(text)).items())
    ends = [*(start for start, _ in found[1:]), len(text)]
    return tuple(
        Definition(name, start, end) for (start, name), end in zip(found, ends, strict=False)
    )


def _starts(text: str) -> Iterator[tuple[int, str]]:
    for pattern in (_FIRST_LINE, _ASSIGNED):
        for one in pattern.finditer(text):
            yield _with_comment(text, one.start()), one["name"].replace('"', "")


def _with_comment(text: str, start: int) -> int:
    above = text[max(0, start - _LOOKED_BACK) : start]
    comment = _COMMENT_ABOVE.search(above)
    return start - len(above) + comment.start() if comment else start
