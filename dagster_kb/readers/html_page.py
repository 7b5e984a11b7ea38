"""HTML: what a person sees of a page's own content, without scripts, menus and hidden parts."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from dagster_kb.readers.extracted_text import ExtractedText, clean
from dagster_kb.readers.front_matter import BOM, FrontMatter, parse_front_matter
from dagster_kb.readers.html_blocks import HtmlBlocks
from dagster_kb.readers.parsed_document import ParsedDocument, one_line, refuse_more_than
from dagster_kb.readers.source_text import MAX_TEXT_BYTES, decode_at_most
from kb_contract.errors import BadDocument
from kb_contract.payload import EVERYONE

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
_OLD_CHARSETS: Final = frozenset({"iso-8859-1", "latin1", "windows-1252", "cp1252", "us-ascii"})
# Old pages say these to search engines, and a browser's cache when to look again.
_ANYBODY: Final = frozenset({"all", "general", "public"})
_YEAR: Final = re.compile(r"\d{4}-")
_STATUSES: Final = frozenset({"draft", "published", "archived"})


def read_html(data: bytes) -> ParsedDocument:
    """Read a page."""
    source = _decoded(data)
    refuse_more_than(MOST_TAGS, "tags", source.count("<"))
    refuse_more_than(DEEPEST, "tags within each other", _depth(source))
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 (native code, only for pages)

    tree = LexborHTMLParser(source)
    into = ExtractedText()
    content = _content(tree)
    if content is not None:
        HtmlBlocks(into).write(content)
    title = tree.css_first("title")
    words = one_line(clean(title.text(deep=True))) if title is not None else ""
    return into.document(words or None, _front_matter(tree))


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
        said = _CHARSET.search(data[:4096])
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


def _front_matter(tree: "LexborHTMLParser") -> FrontMatter:
    """Read the `<meta>` tags that say the same as front matter does."""
    said: dict[str, object] = {}
    for tag in tree.css("head meta[name]"):
        name = (tag.attributes.get("name") or "").lower()
        words = one_line(clean(tag.attributes.get("content") or ""))
        if not words and name != "audience":
            continue
        if name == "keywords":
            said["tags"] = [one.strip() for one in words.split(",") if one.strip()][:100]
        elif name == "audience":
            groups = [one.strip() for one in words.split(",")]
            said[name] = [EVERYONE if one.lower() in _ANYBODY else one for one in groups]
        elif name in ("version", "purpose") or _is_meant(name, words):
            said[name] = words
    return parse_front_matter(said)


def _is_meant(name: str, words: str) -> bool:
    """Tell what is said to readers from what pages say to search engines and browsers."""
    if name == "status":
        return words.lower() in _STATUSES
    return name in ("effective", "expires") and _YEAR.match(words) is not None
