"""What a document of reStructuredText says of itself: fields, and directives that say the same."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from dagster_kb.chunking.blocks import Block
from dagster_kb.readers.contract_keys import decides
from dagster_kb.readers.parsed_document import one_line

_FIELD: Final = re.compile(
    r"(?:^|(?<=\r))[ \t]*:(?P<name>[\w -]{1,60}):(?=\s|\Z)[ \t]*(?P<value>[^\r\n]*(?:(?:\r\n?|\n)[ \t]++[^\r\n:][^\r\n]*)*)",
    re.MULTILINE,
)
# A directive, a comment, a label, a footnote, or a line across the page.
_NO_CONTENT: Final = re.compile(r"\.\.(?:\s|\Z)|__\s|([!-/:-@[-`{-~])\1{3,}\Z")
_META: Final = re.compile(r"\.\. meta::")
# As Nikola keeps its posts' metadata, in comments.
_SAID_IN_COMMENT: Final = re.compile(
    r"\.\. (?P<name>[\w -]{1,60}): (?P<value>[^\r\n]*)", re.MULTILINE
)
_LISTED: Final = frozenset({"tags", "keywords", "audience"})


def said_above(text: str, blocks: Sequence[Block]) -> Iterator[tuple[str, object]]:
    """Give keys and values of all fields above the first paragraph, wherever titles stand."""
    for block in blocks:
        words = text[block.start : block.end]
        if block.kind == "heading":
            continue
        if _NO_CONTENT.match(words):
            yield from _in_directive(words)
        elif _FIELD.match(words):
            yield from _fields(words)
        else:
            return


def _in_directive(words: str) -> Iterator[tuple[str, object]]:
    fields = _FIELD.finditer(words) if _META.match(words) else iter(())
    for one in chain(fields, _SAID_IN_COMMENT.finditer(words)):
        if decides(one["name"]):
            yield _pair(one)


def _fields(words: str) -> Iterator[tuple[str, object]]:
    return (_pair(one) for one in _FIELD.finditer(words))


def _pair(found: re.Match[str]) -> tuple[str, object]:
    key = found["name"].strip().lower()
    value = one_line(found["value"], 500)
    if key in _LISTED:
        listed = [one.strip() for one in value.split(",") if one.strip()]
        return ("tags" if key == "keywords" else key), listed
    # A field without a value is a flag: `:draft:`.
    return key, value or ("true" if key == "draft" else value)
