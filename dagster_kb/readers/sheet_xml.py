"""What a sheet's own XML says and a streamed workbook does not: hidden parts, formulas without a value."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Final

_HIDDEN: Final = rb"(?=[^<>]*\bhidden=[\"'](?:1|true)[\"'])"
_ROW: Final = re.compile(rb"<(?:\w+:)?row\b" + _HIDDEN + rb"[^<>]*?\br=[\"'](\d{1,7})[\"']")
_COLUMNS: Final = re.compile(rb"<(?:\w+:)?col\b" + _HIDDEN + rb"([^<>]*)>")
_BOUND: Final = re.compile(rb"\b(?:min|max)=[\"'](\d{1,5})[\"']")
_FORMULA: Final = re.compile(
    rb"<(?:\w+:)?c\b(?P<cell>[^<>]*)>\s*"
    rb"<(?:\w+:)?f\b[^<>]*(?:/>|>[^<>]{0,9000}</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_PLACE: Final = re.compile(rb"\br=[\"']([A-Z]{1,3}\d{1,7})[\"']")
# A formula may well say an empty text.
_TEXT: Final = re.compile(rb"\bt=[\"']str[\"']")
_PIECE: Final = 1 << 20
_LONGEST: Final = 16_000
_NAMED: Final = 5
_MOST_COLUMNS: Final = 16_384


@dataclass
class SheetFacts:
    """Rows and columns count from 1."""

    rows: set[int] = field(default_factory=set[int])
    columns: set[int] = field(default_factory=set[int])
    without_value: int = 0
    named: list[str] = field(default_factory=list[str])
    """Where the first formulas without a value stand."""

    @classmethod
    def of(cls, sheet_xml: IO[bytes]) -> "SheetFacts":
        found, tail = cls(), b""
        while piece := sheet_xml.read(_PIECE):
            text = tail + piece
            found.look(text, len(tail))
            tail = text[-_LONGEST:]
        return found

    def look(self, text: bytes, known: int) -> None:
        """Take in what ends behind the first `known` bytes, which were looked at before."""
        if b"hidden=" in text:
            self.rows.update(int(one[1]) for one in _new(_ROW, text, known))
            for one in _new(_COLUMNS, text, known):
                bounds = [int(bound[1]) for bound in _BOUND.finditer(one[1])]
                last = min(max(bounds, default=0), _MOST_COLUMNS)
                self.columns.update(range(min(bounds, default=1), last + 1))
        if b"f>" in text or b"<f" in text:
            for one in _new(_FORMULA, text, known):
                if not _TEXT.search(one["cell"]):
                    self._count(one["cell"])

    def _count(self, cell: bytes) -> None:
        self.without_value += 1
        place = _PLACE.search(cell)
        if place and len(self.named) < _NAMED:
            self.named.append(place[1].decode("ascii"))


def _new(pattern: re.Pattern[bytes], text: bytes, known: int) -> Iterator[re.Match[bytes]]:
    return (one for one in pattern.finditer(text) if one.end() > known)
