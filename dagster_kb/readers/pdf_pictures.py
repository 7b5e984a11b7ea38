"""Pages of a PDF that are pictures: scans, with or without a program's stamp on them."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from dagster_kb.readers.pdf_lines import Line, PageLines

_FEW_CURVES: Final = 30
# What says so few words over so large a picture has its text in the picture.
_FEW_WORDS: Final = 20
_FILLS: Final = 0.6
_STAMPED: Final = 0.15
_DEPTH: Final = 3
_MOST_PICTURES: Final = 1_000


def is_picture(page: Any, said: PageLines) -> bool:
    """Tell whether words may be drawn on a page that its text layer does not say."""
    if not said.lines:
        return _has_something(page)
    few = sum(len(line.text.split()) for line in said.lines) <= _FEW_WORDS
    return few and _share_of_pictures(page) >= _FILLS


def without_stamps(pages: Sequence[PageLines], pictures: Sequence[int]) -> list[PageLines]:
    """Leave out what stands on pictures' margins, or on several of them: no word of the pictures."""
    seen: dict[str, set[int]] = {}
    for number in pictures:
        for line in pages[number].lines:
            seen.setdefault(line.text, set()).add(number)

    def is_stamp(page: PageLines, line: Line) -> bool:
        margin = _STAMPED * (page.top - page.bottom)
        inside = page.bottom + margin < (line.top + line.bottom) / 2 < page.top - margin
        return not inside or len(seen[line.text]) > 1

    shown = list(pages)
    for number in pictures:
        page = pages[number]
        kept = [line for line in page.lines if not is_stamp(page, line)]
        shown[number] = PageLines(kept, page.bottom, page.top)
    return shown


def _has_something(page: Any) -> bool:
    """Tell whether words may be drawn on a page: in a picture, or as many curves."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 (as the whole library)

    kinds = [one.type for one in islice(page.get_objects(max_depth=_DEPTH), _FEW_CURVES + 1)]
    return pdfium.FPDF_PAGEOBJ_IMAGE in kinds or len(kinds) > _FEW_CURVES


def _share_of_pictures(page: Any) -> float:
    """Return how much of a page its pictures cover; a scan may come in strips."""
    left, bottom, right, top = page.get_bbox()
    covered = sum(
        max(0.0, min(right, east) - max(left, west))
        * max(0.0, min(top, north) - max(bottom, south))
        for west, south, east, north in _pictures(page)
    )
    return covered / max((right - left) * (top - bottom), 1.0)


def _pictures(page: Any) -> Iterator[tuple[float, float, float, float]]:
    import pypdfium2.raw as pdfium  # noqa: PLC0415 (as the whole library)

    kinds = [pdfium.FPDF_PAGEOBJ_IMAGE]
    for one in islice(page.get_objects(filter=kinds, max_depth=_DEPTH), _MOST_PICTURES):
        box, form = one.get_bounds(), one.container
        while form is not None:
            box, form = form.get_matrix().on_rect(*box), form.container
        yield box
