"""What a document of reStructuredText says of itself: fields, and directives that say the same."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dagster_kb.chunking.blocks import Block
from dagster_kb.readers.contract_keys import NO, STATES, YES, decides, deciding_name
from dagster_kb.readers.parsed_document import one_line

# `:status:draft` is meant so too; a role has ticks.
_FIELD: Final = re.compile(
    r"(?:^|(?<=\r))[ \t]*:(?P<name>[\w -]{1,60}):(?=\s|\Z|\w[^`\r\n]*+(?:[\r\n]|\Z))[ \t]*(?P<value>[^\r\n]*(?:(?:\r\n?|\n)[ \t]++[^\r\n:][^\r\n]*)*)",
    re.MULTILINE,
)
# A directive, a comment, a label, a footnote, or a line across the page.
_NO_CONTENT: Final = re.compile(r"\.\.(?:\s|\Z)|__\s|([!-/:-@[-`{-~])\1{3,}\Z")
# Where a directive, a comment or a label begins; its own words are indented.
_EXPLICIT: Final = re.compile(r"(?:^|(?<=[\r\n]))(?=\.\.(?:\s|\Z))")
_META: Final = re.compile(r"\.\. +meta ?::", re.IGNORECASE)
# As Nikola keeps its posts' metadata, in comments.
_SAID_IN_COMMENT: Final = re.compile(
    r"\.\.[ \t]++(?!_)(?P<name>[\w -]{1,60}):[ \t]++(?P<value>[^\r\n]*)"
)
# A paragraph may stand above the fields: the first of them are read so near the top,
_NEAR_TOP: Final = 4
# and what decides is read as far as this.
_FIRST: Final = 12
_LISTED: Final = frozenset({"tags", "keywords", "audience"})
# Below a paragraph a list of fields may explain words: `:expires: the date when the cookie ends`.
_DATE: Final = re.compile(r"(?=.*(?:\d{4}|\d[./-]\d))\S+(?: \S+){0,2}")
_SAID_PLAINLY: Final = {
    "audience": re.compile(r"[\w.@/:+-]+(?: ?, ?[\w.@/:+-]+)*,?"),
    "agent_id": re.compile(r"\S+"),
    "effective": _DATE,
    "expires": _DATE,
    "status": re.compile("|".join(STATES)),
    "draft": re.compile("|".join(YES | NO)),
    "published": re.compile("|".join(YES | NO)),
}


@dataclass(frozen=True)
class Said:
    """A field; one of `words` explains the key, and decides nothing."""

    key: str
    value: object
    start: int
    words: bool = False


def said_above(text: str, blocks: Sequence[Block]) -> Iterator[Said]:
    """Give all fields above the first paragraph; a little below it too, where they decide."""
    above = first = True
    for number, block in enumerate(blocks):
        if not above and number >= _FIRST:
            return
        words = text[block.start : block.end]
        if block.kind == "heading":
            continue
        if _NO_CONTENT.match(words):
            for key, value in _in_directives(words, comments=above):
                yield Said(key, value, block.start)
        elif block.kind != "code" and _FIELD.match(words):
            yield from _said(
                block, words, above=above, all_of_it=above or (first and number < _NEAR_TOP)
            )
            first = False
        else:
            above = False


def _said(block: Block, words: str, *, above: bool, all_of_it: bool) -> Iterator[Said]:
    for found in _FIELD.finditer(words):
        name = deciding_name(found["name"])
        if all_of_it or name:
            explains = not above and not _is_said_plainly(name, found["value"])
            yield Said(*_pair(found), block.start + found.start(), words=explains)


def _is_said_plainly(name: str | None, value: str) -> bool:
    plain = _SAID_PLAINLY.get(name or "")
    said = one_line(value, 500).lower()
    return plain is None or not said or plain.fullmatch(said) is not None


def _in_directives(words: str, *, comments: bool) -> Iterator[tuple[str, object]]:
    for one in _EXPLICIT.split(words):
        if _META.match(one):
            yield from (pair for pair in _fields(one) if decides(pair[0]))
            continue
        said = _SAID_IN_COMMENT.match(one) if comments else None
        if said and decides(said["name"]) and not _is_remark(said):
            yield _pair(said)


def _is_remark(said: re.Match[str]) -> bool:
    """`.. draft: rewrite this` is a word to other authors, and neither yes nor no."""
    words = re.findall(r"\w+", said["value"][:200].lower())
    switch = said["name"].strip().lower() in ("draft", "published")
    return switch and len(words) > 1 and words[0] not in YES | NO


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
