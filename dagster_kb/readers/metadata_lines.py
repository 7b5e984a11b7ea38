"""Metadata without marks, as MultiMarkdown writes and MkDocs and Pelican read it: `Key: value` at the top."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from dagster_kb.readers.contract_keys import collected, holds_back

_LINE: Final = re.compile(
    r" {0,3}(?P<key>[A-Za-z][\w -]{0,40}):(?:[ \t]+(?P<value>[^\r\n]*))?[ \t]*(?:\r\n?|\n|\Z)"
)
_GOES_ON: Final = re.compile(r"(?: {4}|\t)[ \t]*(?P<value>[^\s][^\r\n]*)(?:\r\n?|\n|\Z)")
_ENDS: Final = re.compile(r"[ \t]*(?:[\r\n]|\Z)|#{1,6}\s")
_MOST: Final = 100
_SHOWN: Final = 60
# Prose may begin so too: "Audience: all who write", "Expires: see below".
_PLAIN: Final = {
    "audience": re.compile(r"[\w.@/:+-]+(?:\s*,\s*[\w.@/:+-]+)*,?"),
    "effective": re.compile(r"\d{4}-\d\d-\d\d.*"),
    "expires": re.compile(r"\d{4}-\d\d-\d\d.*"),
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
        key, value = next(one for one in self.pairs if _is_meant(*one))
        shown = " ".join(f"{key}: {value}"[:_SHOWN].split())
        return (
            f"its first lines ({shown!r}) are read as metadata and are no text → put a heading above them if they are words",
        )


def find_metadata_lines(text: str, top: int) -> MetadataLines | None:
    """Find a first paragraph of nothing else, where it holds the document back from anybody."""
    pairs: list[tuple[str, str]] = []
    end = top
    for found in _lines(text, top):
        value = (found["value"] or "").strip()
        if "key" in found.re.groupindex:
            pairs.append((found["key"].strip(), value))
        else:
            key, above = pairs[-1]
            pairs[-1] = (key, f"{above}, {value}" if key.lower() in _LISTED else f"{above} {value}")
        end = found.end()
    if not _ENDS.match(text, end) or not any(_is_meant(*one) for one in pairs):
        return None
    return MetadataLines(tuple(pairs), end)


def _lines(text: str, at: int) -> Iterator[re.Match[str]]:
    found = _LINE.match(text, at)
    for _ in range(_MOST):
        if not found or found.end() == found.start():
            return
        yield found
        found = _LINE.match(text, found.end()) or _GOES_ON.match(text, found.end())


def _is_meant(key: str, value: str) -> bool:
    plain = _PLAIN.get(holds_back(key, value) or "")
    return bool(value) and plain is not None and plain.fullmatch(value) is not None


def _value(key: str, value: str) -> str | list[str]:
    if key not in _LISTED:
        return value
    return [one.strip() for one in value.split(",") if one.strip()]
