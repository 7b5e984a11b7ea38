"""What a chart of an Office document shows: a row for each category, a column for each series."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from dagster_kb.readers.extracted_text import ExtractedText

C: Final = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MOST_POINTS: Final = 10_000
_MOST_SERIES: Final = 200


@dataclass
class Charts:
    """Writes charts as tables, and counts those that say nothing of what they show."""

    into: ExtractedText
    unread: int = 0

    def write(self, space: Any) -> None:
        """Write the chart of a `c:chartSpace`, by the values that its program kept in it."""
        rows = _rows(space)
        if len(rows) < 2 or len(rows[0]) < 2:
            self.unread += 1
            return
        title = space.find(f"{C}chart/{C}title")
        words = " ".join("".join(_texts(title)).split()) if title is not None else ""
        self.into.add("prose", f"Chart: {words}" if words else "")
        self.into.table(rows)

    def notes(self) -> list[str]:
        """Say how many charts are lost."""
        if not self.unread:
            return []
        return [
            f"{self.unread} charts keep no values and were not read → say in words what they show"
        ]


def _texts(title: Any) -> Iterator[str]:
    for node in title.iter(f"{_A}t", f"{C}v"):
        yield f"{node.text or ''} "


def _rows(space: Any) -> list[list[str]]:
    categories: dict[int, str] = {}
    series: list[tuple[str, dict[int, str]]] = []
    for one in list(space.iter(f"{C}ser"))[:_MOST_SERIES]:
        categories = {**_points(one, "cat", "xVal"), **categories}
        name = one.find(f"{C}tx")
        said = " ".join("".join(_texts(name)).split()) if name is not None else ""
        series.append((said, _points(one, "val", "yVal")))
    places = sorted({*categories, *(at for _, points in series for at in points)})
    return [["", *(name for name, _ in series)]] + [
        [categories.get(at, str(at + 1)), *(points.get(at, "") for _, points in series)]
        for at in places[:_MOST_POINTS]
    ]


def _points(series: Any, *names: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in (series.find(f"{C}{name}") for name in names):
        # Of nested categories the innermost comes first.
        for point in part.iter(f"{C}pt") if part is not None else ():
            value, at = point.find(f"{C}v"), point.get("idx", "")
            if value is not None and at.isascii() and at.isdigit():
                found.setdefault(int(at), _said(value.text or ""))
    return found


def _said(value: str) -> str:
    """Say `21.399999999999999` as 21.4, as its program shows it."""
    try:
        number = float(value)
    except ValueError:
        return value
    return f"{number:.12g}" if abs(number) < 1e12 else value
