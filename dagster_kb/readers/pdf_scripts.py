"""Which letters of a PDF's line stand higher or lower than those before them, and are smaller."""

from typing import Final

from dagster_kb.readers.raised_words import LOWERED, RAISED

# In heights of the letters before: how large they are, and how far their feet are off.
_SMALLEST: Final = 0.5
_LARGEST: Final = 0.92
_RAISED: Final = 0.2
_LOWERED: Final = 0.08
_ADJOINING: Final = 0.18


def script_of(bottom: float, top: float, base: tuple[float, float]) -> str:
    """Return the mark of a power or an index, from where it stands beside what is before it."""
    low, high = base
    height = high - low
    if not _SMALLEST * height <= top - bottom <= _LARGEST * height:
        return ""
    if low + _RAISED * height < bottom < high:
        return RAISED
    return LOWERED if bottom < low - _LOWERED * height and top > low else ""


def adjoins(gap: float, height: float) -> bool:
    """Tell whether it stands directly behind what it belongs to."""
    return abs(gap) < _ADJOINING * height
