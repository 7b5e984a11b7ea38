"""What a document of reStructuredText says of itself: fields, and directives that say the same."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dagster_kb.chunking.blocks import Block
from dagster_kb.readers.contract_keys import (
    HOLDS_BACK,
    NO,
    NOT_YET,
    STATES,
    YES,
    decides,
    deciding_name,
)
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
_EXPLAINED: Final = r"(?!.*\b(?:or|if|when|whether|whom?|which)\b)"
_FEW_WORDS: Final = r"[^\s,]+(?: [^\s,]+){0,2}"


def _words(whole: Iterable[str], first: Iterable[str] = ()) -> re.Pattern[str]:
    """Words that are all of a value, or the first of it: `draft, do not quote`."""
    begun = rf"|(?:{'|'.join(first)})\b(?![/|]){_EXPLAINED}" if first else ""
    return re.compile(rf"(?:{'|'.join(whole)})\Z{begun}")


_DATE: Final = re.compile(
    rf"(?=.*(?:\d{{4}}|\d[./-]\d))\S+(?: \S+){{0,2}}\Z|\d{{4}}-\d\d-\d\d\b{_EXPLAINED}"
)
_SAID_PLAINLY: Final = {
    "audience": re.compile(rf"{_EXPLAINED}{_FEW_WORDS}(?: ?, ?{_FEW_WORDS})*+,?\Z"),
    "agent_id": re.compile(r"\S+\Z"),
    "effective": _DATE,
    "expires": _DATE,
    "status": _words(STATES, HOLDS_BACK["status"]),
    "draft": _words(YES | NO, ("yes", "no", "true", "false")),
    "published": _words(YES | NO | NOT_YET),
}
# Emphasis, literals, quotes and a full stop around a value.
_AROUND: Final = "*`\"'. "
# Badges, and who wrote it: what stands below them stands at the top.
_BADGES: Final = re.compile(r"(?:\|[^|\s][^|\r\n]{0,100}\|_{0,2}\s*+)++")
_BYLINE: Final = re.compile(
    r"(?:(?:[Ww]ritten )?[Bb]y|Authors?:)(?: +(?:[^\W\d_a-z][\w.'\u2019-]*+,?|and|&)){1,12}"
)


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
        elif not (_BADGES.fullmatch(words) or _BYLINE.fullmatch(words)):
            above = False


def _said(block: Block, words: str, *, above: bool, all_of_it: bool) -> Iterator[Said]:
    found = list(_FIELD.finditer(words))
    names = [deciding_name(one["name"]) for one in found]
    explains = [
        not above and not _is_said_plainly(name, one["value"])
        for name, one in zip(names, found, strict=True)
    ]
    # A list that explains one word explains its `:version:` and `:title:` as well.
    others = all_of_it and not any(explains)
    for field, name, words_alone in zip(found, names, explains, strict=True):
        if others or name:
            yield Said(*_pair(field), block.start + field.start(), words=words_alone)


def _is_said_plainly(name: str | None, value: str) -> bool:
    plain = _SAID_PLAINLY.get(name or "")
    said = _bare(value).lower()
    return plain is None or not said or plain.match(said) is not None


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
    value = _bare(found["value"]) if decides(key) else one_line(found["value"], 500)
    if key in _LISTED:
        listed = [one.strip() for one in value.split(",") if one.strip()]
        return ("tags" if key == "keywords" else key), listed
    # A field without a value is a flag: `:draft:`.
    return key, value or ("true" if key == "draft" else value)


def _bare(value: str) -> str:
    return one_line(value, 500).strip(_AROUND)
