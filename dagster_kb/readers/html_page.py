"""HTML: what a person sees of a page's own content, without scripts, menus and hidden parts."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from dagster_kb.readers.contract_keys import DECIDING, collected, right_of, state_word
from dagster_kb.readers.extracted_text import ExtractedText, clean
from dagster_kb.readers.front_matter import (
    BOM,
    FrontMatter,
    parse_front_matter,
    split_front_matter,
)
from dagster_kb.readers.html_blocks import HtmlBlocks
from dagster_kb.readers.html_comments import open_comments
from dagster_kb.readers.html_formulas import mark_formulas
from dagster_kb.readers.html_seen import remove_unseen
from dagster_kb.readers.parsed_document import ParsedDocument, one_line, refuse_more_than
from dagster_kb.readers.source_text import MAX_TEXT_BYTES, decode_at_most
from kb_contract.errors import BadDocument

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

LARGEST_FILE: Final = 4 * MAX_TEXT_BYTES
MOST_TAGS: Final = 1_000_000
# The time that a parser takes grows with the square of it.
DEEPEST: Final = 1_000
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)")
# What is between these is no markup: programs compare with `<`.
_NO_MARKUP: Final = re.compile(r"<(?:(script|style)\b|!--)", re.IGNORECASE)
# Those that the next one of their kind closes, and those without an end.
_CLOSE_THEMSELVES: Final = frozenset(
    [
        "a",
        "p",
        "li",
        "td",
        "th",
        "tr",
        "dd",
        "dt",
        "option",
        "tbody",
        "thead",
        "tfoot",
        "colgroup",
        "br",
        "img",
        "hr",
        "meta",
        "link",
        "input",
        "col",
        "area",
        "base",
        "source",
        "wbr",
        "embed",
        "param",
        "track",
    ]
)
_CHARSET: Final = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,30})", re.IGNORECASE
)
_ENCODING: Final = re.compile(rb"\s*<\?xml[^>]{0,200}\bencoding\s*=\s*[\"']([\w-]{2,30})")
_OLD_CHARSETS: Final = frozenset({"iso-8859-1", "latin1", "windows-1252", "cp1252", "us-ascii"})
# Definitions within it are a program's; the first `>` among them ends it by the rules of HTML.
_DEFINITIONS: Final = re.compile(
    r"(?P<kept>\s*+(?:(?:<\?[^>]*+>|<!--(?:[^-]|-(?!->))*+-->)\s*+)*+"
    r"<!DOCTYPE(?:\"[^\"]*+\"|'[^']*+'|[^\[>\"'])*+)"
    r"\[(?:<!--(?:[^-]|-(?!->))*+(?:-->|\Z)|\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\]\"'])*+\]",
    re.IGNORECASE,
)
# How the protocol of Open Graph calls what the contract knows.
_OPEN_GRAPH: Final = {"article:expiration_time": "expires"}
# What tells browsers how long to keep a page, and not until when its words hold.
_OF_CACHES: Final = re.compile(
    r"|-?\d|never|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}, [\w -]{8,12} \d\d:\d\d:\d\d(?: gmt| utc)?",
)
# Others, and there are many, are for search engines and browsers.
_KEPT: Final = frozenset({*DECIDING, "version", "purpose", "tags"})


def read_html(data: bytes) -> ParsedDocument:
    """Read a page."""
    page = _decoded(data)
    split = split_front_matter(page, may_be_rule=True)
    source = _without_definitions(page[split.body_start :])
    refuse_more_than(MOST_TAGS, "tags", source.count("<"))
    refuse_more_than(DEEPEST, "tags within each other", _depth(source))
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 (native code, only for pages)

    tree = LexborHTMLParser(source)
    front = _front_matter(tree, split.said)
    title = tree.css_first("title")
    words = one_line(clean(title.text(deep=True))) if title is not None else ""
    notes = open_comments(page, tree)
    remove_unseen(tree)
    mark_formulas(tree)
    into = ExtractedText()
    content = _content(tree)
    if content is not None:
        HtmlBlocks(into).write(content)
    return into.document(front.title or words or None, front, notes)


def _without_definitions(source: str) -> str:
    found = _DEFINITIONS.match(source)
    return found["kept"] + source[found.end() :] if found else source


def _depth(source: str) -> int:
    """Say how deep tags may lie in each other; in drawings and formulas `/>` closes one."""
    depth = deepest = drawings = 0
    for tag in _TAG.finditer("".join(_markup(source))):
        name = tag[2].lower()
        if name in ("svg", "math"):
            drawings = max(0, drawings + (-1 if tag[1] else 1))
        closed = drawings and tag[3].endswith("/")
        if name not in _CLOSE_THEMSELVES and not closed:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _markup(source: str) -> Iterator[str]:
    """Leave out programs, styles and comments; one that never ends reaches to the end."""
    lowered = source.lower()
    at = 0
    while at < len(source) and (begin := _NO_MARKUP.search(source, at)):
        yield source[at : begin.start()]
        closing = f"</{begin[1].lower()}" if begin[1] else "-->"
        end = lowered.find(closing, begin.end())
        at = end + len(closing) if end >= 0 else len(source)
    yield source[at:]


def _decoded(data: bytes) -> str:
    """Decode as the page says, if it is not UTF-8."""
    try:
        return decode_at_most(data, LARGEST_FILE).removeprefix(BOM)
    except BadDocument as error:
        said = _ENCODING.match(data) or _CHARSET.search(data[:4096])
        charset = said[1].decode("ascii").lower() if said else ""
        # As browsers do, who read all of these as Windows' own.
        if charset in _OLD_CHARSETS and b"\0" not in data and len(data) <= LARGEST_FILE:
            return data.decode("windows-1252", "replace")
        raise error


def _content(tree: "LexborHTMLParser") -> "LexborNode | None":
    """Take the part that holds what the page is about, where it says so."""
    for part in ("main", "[role=main]"):
        found = tree.css(part)
        if len(found) == 1 and len(found[0].text(deep=True)) > 200:
            return found[0]
    return tree.body


def _front_matter(tree: "LexborHTMLParser", block: dict[str, Any]) -> FrontMatter:
    """Read the `<meta>` tags that say the same as front matter does, and what stands above the page."""
    # A picture or a word before a tag closes the head by the rules of HTML: they count anywhere.
    pairs = (_said(tag) for tag in tree.css("meta[name], meta[property]"))
    # What is said twice in the same words is said once.
    once = {(key, str(value)): (key, value) for key, value in pairs if not _is_of_html(key, value)}
    metas = collected(once.values())
    kept = {key: value for key, value in metas.items() if key in _KEPT}
    return parse_front_matter(collected([*kept.items(), *block.items()]))


def _is_of_html(key: str, value: object) -> bool:
    """Tell whether a `<meta>` is for browsers, whose names these are as well."""
    name = key.lower()
    is_of_caches = right_of(name) == "expires" and _OF_CACHES.fullmatch(state_word(value))
    return name in {"hidden", "private"} or bool(is_of_caches)


def _said(tag: "LexborNode") -> tuple[str, object]:
    said = tag.attributes
    name = (said.get("name") or said.get("property") or "").strip()
    words = one_line(clean(said.get("content") or ""))
    key = _OPEN_GRAPH.get(name.lower(), name.lower())
    if key == "keywords":
        return "tags", [one.strip() for one in words.split(",") if one.strip()][:100]
    if key == "audience":
        return key, [one.strip() for one in words.split(",")]
    return (key if key in _KEPT else name), words
