"""Metadata without marks, as MultiMarkdown writes and MkDocs and Pelican read it: `Key: value` at the top."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from dagster_kb.readers.contract_keys import collected, holds_back

# What follows the colon at once in an address, a path or a program is no value.
_LINE: Final = re.compile(
    r" {0,3}(?P<key>[^\W\d_][\w. -]{0,40}):(?![/:\\])[ \t]*(?P<value>[^\r\n]*)(?:\r\n?|\n|\Z)"
)
_GOES_ON: Final = re.compile(r"(?: {4}|\t)[ \t]*(?P<value>[^\s][^\r\n]*)(?:\r\n?|\n|\Z)")
_ENDS: Final = re.compile(r"[ \t]*(?:[\r\n]|\Z)|#{1,6}\s")
_CLOSING: Final = re.compile(r"(?:---|\.\.\.)[ \t]*(?:\r\n?|\n|\Z)")
# Keys of site generators: below a line of one of them words may follow at once.
_OF_GENERATORS: Final = frozenset({"title", "slug", "tags", "category", "layout"})
# As YAML has a list and a text.
_MARKED: Final = re.compile(r"\[(?P<list>[^\[\]]*)\]|([\"'])(?P<text>(?:(?!\2).)*)\2")
_MOST: Final = 100
_SHOWN: Final = 60
# However it is written: what is no date of the contract is refused, and not read as words.
_DAY: Final = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
    r"|[^\W\d_]{3,9}\.? \d{1,2},? \d{4}|\d{1,2}\.? [^\W\d_]{3,9}\.?,? \d{4}"
)
# Prose may begin so too: "Audience: all who write", "Expires: see below".
_PLAIN: Final = {
    "audience": re.compile(r"[\w.@/:+-]+(?:\s*,\s*[\w.@/:+-]+)*,?"),
    "effective": _DAY,
    "expires": _DAY,
    "status": re.compile(r".*"),
    "draft": re.compile(r".*"),
    "published": re.compile(r".*"),
}
_LISTED: Final = frozenset({"audience", "tags"})


@dataclass(frozen=True)
class MetadataLines:
    """What a text says of itself in its first lines, and where its body begins."""

    pairs: tuple[tuple[str, str], ...]
    end: int

    def said(self) -> dict[str, Any]:
        """Read it as front matter is read."""
        return collected((key.lower(), _value(key.lower(), value)) for key, value in self.pairs)

    def notes(self) -> tuple[str, ...]:
        """Say that lines of a text are taken for what they may not be meant as."""
        shown = _shown(*next(one for one in self.pairs if is_meant(*one)))
        return (
            f"its first lines ({shown!r}) are read as metadata and are no text → put a heading above them if they are words",
        )


@dataclass(frozen=True)
class MetadataInProse:
    """Lines like metadata that a paragraph begins with: they are its words."""

    pair: tuple[str, str]
    end: int
    """Where the text begins: none of it is taken away."""

    def said(self) -> None:
        """Nothing: where words follow at once, `Status: draft` may be said of anything."""

    def notes(self) -> tuple[str, ...]:
        """Say that they protect nothing."""
        return (
            f"its first lines ({_shown(*self.pair)!r}) are words and decide nothing, for the paragraph goes on"
            " → put an empty line below them if they are metadata",
        )


def find_metadata_lines(text: str, first: int, top: int) -> MetadataLines | MetadataInProse | None:
    """Find lines at the top, where they hold the document back from anybody.

    They are its metadata where nothing else is in their paragraph, or a generator takes them for it.
    """
    pairs, end = _pairs(text, top)
    meant = next((one for one in pairs if is_meant(*one)), None)
    if not meant:
        return None
    closing = _CLOSING.match(text, end)
    if closing or _ENDS.match(text, end) or any(key.lower() in _OF_GENERATORS for key, _ in pairs):
        return MetadataLines(tuple(pairs), closing.end() if closing else end)
    return MetadataInProse(meant, first)


def is_meant(key: str, value: Any) -> bool:
    """Tell whether lines without marks hold a document back, and do not just tell of something."""
    plain = _PLAIN.get(holds_back(key, value) or "")
    words = ", ".join(map(str, cast("list[Any]", value))) if isinstance(value, list) else value
    return bool(isinstance(words, str) and words and plain and plain.fullmatch(words))


def _pairs(text: str, top: int) -> tuple[list[tuple[str, str]], int]:
    """Read lines as long as they are like metadata, and say where they end."""
    pairs: list[tuple[str, str]] = []
    end = top
    for found in _lines(text, top):
        value = found["value"].strip()
        if "key" in found.re.groupindex:
            pairs.append((found["key"].strip(), value))
        else:
            key, above = pairs[-1]
            pairs[-1] = (key, f"{above}, {value}" if key.lower() in _LISTED else f"{above} {value}")
        end = found.end()
    return [(key, _bare(value)) for key, value in pairs], end


def _lines(text: str, at: int) -> Iterator[re.Match[str]]:
    found = _LINE.match(text, at)
    for _ in range(_MOST):
        if not found or found.end() == found.start():
            return
        yield found
        found = _LINE.match(text, found.end()) or _GOES_ON.match(text, found.end())


def _bare(value: str) -> str:
    """Take off the marks that YAML has around a list and a text."""
    marked = _MARKED.fullmatch(value)
    if not marked:
        return value
    if marked["text"] is not None:
        return marked["text"]
    return ", ".join(_bare(one.strip()) for one in marked["list"].split(","))


def _shown(key: str, value: str) -> str:
    return " ".join(f"{key}: {value}"[:_SHOWN].split())


def _value(key: str, value: str) -> str | list[str]:
    if key not in _LISTED:
        return value
    return [one.strip() for one in value.split(",") if one.strip()]
