"""Where front matter stands in a text, and in which notation: YAML between `---`, TOML between `+++`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from dagster_kb.readers.contract_keys import decides, is_like_contract
from dagster_kb.readers.metadata_lines import (
    MetadataInProse,
    MetadataLines,
    find_metadata_lines,
    is_meant,
)
from dagster_kb.readers.source_text import line_of
from dagster_kb.readers.strict_toml import load_toml
from dagster_kb.readers.strict_yaml import YamlRules, load_strict
from kb_contract.errors import BadDocument

BOM: Final = "\ufeff"
# Real reference pages have lists of keywords of 100 KB up here.
MAX_BYTES: Final = 256 * 1024
_LOOKED_AT: Final = 300
# Of a program; `export the file:` and `import taxes` are prose.
_MODULE_LINE: Final = (
    r"(?:export[ \t]+(?:(?:const|let|var|async|function|class|default|type|interface|enum)\b|[{*])"
    r"|import[ \t]*(?:[\"'{*]|type\b|[\w$]+[ \t]*(?:,[ \t]*[{*]|from[ \t]*[\"'])))[^\r\n]*"
)
# What authors and their tools write above it; none of it is content.
_ABOVE: Final = re.compile(
    r"(?>[\s\ufeff\u200b\u200e\u200f\u2060]|<!--.*?-->|\{/\*.*?\*/\}|"
    + _MODULE_LINE
    + r"|\[[^\]\r\n]{1,200}\]:[ \t]*(?:\#|<>)[ \t][^\r\n]*)*+",
    re.DOTALL,
)
_OPENING: Final = re.compile(
    r"(?P<mark>-{3,}|\+\+\+)[ \t]*(?P<notation>yaml|yml|toml|json)?[ \t]*(?:\r\n?|\n|\Z)",
    re.IGNORECASE,
)
_CLOSING: Final = {
    "---": re.compile(r"(?:(?<=\n)|(?<=\r))(?:---|\.\.\.)[ \t]*(?:\r\n?|\n|\Z)"),
    "+++": re.compile(r"(?:(?<=\n)|(?<=\r))\+\+\+[ \t]*(?:\r\n?|\n|\Z)"),
}
_CLOSING_LONG: Final = re.compile(r"(?:(?<=\n)|(?<=\r))-{3,}[ \t]*(?:\r\n?|\n|\Z)")
_EMPTY_LINE: Final = re.compile(r"(?:(?<=\n)|(?<=\r)(?!\n))[ \t]*(?:\r\n?|\n)|\Z")
_LINE_END: Final = re.compile(r"\r\n?|\n")
_KEY: Final = re.compile(
    r"(?:\{[ \t]*)?[\"']?([^\s:=\"'{}\[\]#][^:=\"'\r\n]{0,60}?)[\"']?[ \t]*[:=]"
)
# What goes on with the value above: a line that stands deeper, and an item of a list.
_OF_VALUE: Final = re.compile(r"[ \t]|-(?:[ \t]|\Z)")
# What programs for mail note of a message that was seen: `Status: RO`.
_OF_MAIL: Final = re.compile(r"(?:X-)?Status:[ \t]*[RODAFTN]{1,4}[ \t]*")
# `;;;` is how some programs mark it.
_JSON: Final = re.compile(
    r"(?:(?P<mark>;;;[ \t]*(?:\r\n?|\n))\s*\{?|\{)\s*\"(?P<keys>[^\"\n]{1,60}\"\s*:.{0,4000})",
    re.DOTALL,
)
_JSON_KEY: Final = re.compile(r"(?:^|\")([\w -]{1,60})\"\s*:")


@dataclass(frozen=True)
class FrontMatterBlock:
    """What stands between the two lines, and where the body begins."""

    words: str
    first_line: int
    """Of the words, in the text, from 1."""
    is_toml: bool
    end: int

    def said(self) -> Any:
        """Read it; None where nothing is said."""
        rules = YamlRules(
            complaint=BadDocument, where="front matter", first_line=self.first_line,
            max_bytes=MAX_BYTES,
        )  # fmt: skip
        return (load_toml if self.is_toml else load_strict)(self.words, rules)


def find_block(
    text: str, *, may_be_rule: bool
) -> FrontMatterBlock | MetadataLines | MetadataInProse | None:
    """Find front matter at the top of a text.

    Where the very first line opens it there must be some, unless it `may_be_rule`. Below empty
    lines or comments it counts where it says what the contract knows. Markdown, whose rules are
    no pictures, may have it between longer lines or without any, where it decides.
    """
    first = len(BOM) if text.startswith(BOM) else 0
    above = _ABOVE.match(text, first)
    top = above.end() if above else first
    opening = _OPENING.match(text, top)
    if not opening:
        _refuse_json(text, top, marked_only=may_be_rule)
        if may_be_rule:
            return None
        return _above_a_line(text, top) or find_metadata_lines(text, first, top)
    if opening["mark"] not in _CLOSING:
        return None if may_be_rule else _between_long_lines(text, opening)
    is_sure = top == first and not may_be_rule
    start = opening.end()
    # Characters are at most as many as bytes, so a closing line beyond is beyond the limit too.
    limit = start + MAX_BYTES + 8
    closing = _CLOSING[opening["mark"]].search(text, start, limit)
    is_closed = closing is not None and not closing.end() == limit < len(text)
    if closing is None or not is_closed:
        head = _EMPTY_LINE.search(text, start)
        if is_sure or _says_something(text[start : head.start() if head else start]):
            raise _never_closed(text, opening)
        return None
    words = text[start : closing.start()]
    toml = "toml" if opening["mark"] == "+++" else "yaml"
    is_toml = (opening["notation"] or toml).lower() == "toml"
    block = FrontMatterBlock(words, line_of(text, start), is_toml, closing.end())
    if not is_sure and not _is_meant(block):
        return None
    _refuse_another(text, closing.end())
    return block


def _between_long_lines(text: str, opening: re.Match[str]) -> FrontMatterBlock | None:
    start = opening.end()
    closing = _CLOSING_LONG.search(text, start, start + MAX_BYTES)
    words = text[start : closing.start()] if closing else ""
    keys = list(_keys(words))
    if not closing or not keys or None in keys or not any(one and decides(one) for one in keys):
        return None
    return FrontMatterBlock(words, line_of(text, start), is_toml=False, end=closing.end())


def _above_a_line(text: str, top: int) -> FrontMatterBlock | None:
    """Find YAML that only a line below it parts from the words, as Hexo has it, where it holds them back.

    A heading may stand so too, and has one line.
    """
    head = _EMPTY_LINE.search(text, top)
    closing = _CLOSING_LONG.search(
        text, top, min(head.start() if head else len(text), top + MAX_BYTES)
    )
    words = text[top : closing.start()] if closing else ""
    keys = list(_keys(words))
    if not closing or len(keys) < 2 or None in keys:
        return None
    block = FrontMatterBlock(words, line_of(text, top), is_toml=False, end=closing.end())
    try:
        said = block.said()
    except BadDocument:
        return None
    pairs = cast("dict[str, Any]", said).items() if isinstance(said, dict) else ()
    return block if any(is_meant(*one) for one in pairs) else None


def _is_meant(block: FrontMatterBlock) -> bool:
    """Tell whether it is front matter; prose between rules may look like it, and be no YAML."""
    if not _says_something(block.words):
        return False
    if any(decides(one) for one in _keys(block.words) if one):
        return True
    try:
        block.said()
    except BadDocument:
        return False
    return True


def _says_something(words: str) -> bool:
    """Tell whether lines are front matter: the first is a key, and some key is the contract's."""
    keys = list(_keys(words))
    return bool(keys and keys[0] is not None) and any(one and is_like_contract(one) for one in keys)


def _keys(words: str) -> Iterator[str | None]:
    """Give each line's key, or None for a line that is of none; what mail says decides nothing."""
    lines = [one for one in _LINE_END.split(words) if one.strip() and one.lstrip()[0] != "#"]
    depth = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    for number, line in enumerate(lines[:_LOOKED_AT]):
        key = _KEY.match(line[depth:])
        if key:
            yield "" if _OF_MAIL.fullmatch(line) else key[1]
        elif not number or not _OF_VALUE.match(line[depth:]):
            yield None


def _refuse_another(text: str, end: int) -> None:
    """Refuse a second block below the first: which of them holds is anybody's guess."""
    above = _ABOVE.match(text, end)
    top = above.end() if above else end
    opening = _OPENING.match(text, top)
    if not opening or opening["mark"] not in _CLOSING:
        _refuse_json(text, top, marked_only=True)
        return
    start = opening.end()
    closing = _CLOSING[opening["mark"]].search(text, start, start + MAX_BYTES)
    head = _EMPTY_LINE.search(text, start)
    if closing and _says_something(
        text[start : min(closing.start(), head.start() if head else start)]
    ):
        raise BadDocument(
            f"line {line_of(text, opening.start())}: a second block of front matter begins",
            cure="move its keys into the first one, or write '***' if a horizontal rule is meant",
        )


def _refuse_json(text: str, top: int, *, marked_only: bool) -> None:
    found = _JSON.match(text, top)
    if not found or (marked_only and not found["mark"]):
        return
    if any(is_like_contract(one[1]) for one in _JSON_KEY.finditer(found["keys"])):
        raise BadDocument(
            f"line {line_of(text, top)}: front matter in JSON is not read",
            cure="write it as YAML between '---' lines",
        )


def _never_closed(text: str, opening: re.Match[str]) -> BadDocument:
    mark = opening["mark"]
    return BadDocument(
        f"line {line_of(text, opening.start())}: front matter is opened by {mark!r} and not closed"
        + (f" within {MAX_BYTES:,} characters" if len(text) > MAX_BYTES else ""),
        cure=f"close it with a line {mark!r}, or begin with '***' if a horizontal rule is meant",
    )
