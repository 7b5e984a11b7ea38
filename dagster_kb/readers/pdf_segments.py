"""Words of a PDF page that stand together, and which of them stand beside each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

# In heights of the letters.
SAME_LINE: Final = 0.4


@dataclass(frozen=True, slots=True)
class Segment:
    """Words in one cell or column of a line."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    bold: bool
    pitch: float = 0.0
    """Width of each letter where all have one."""
    typed: str = ""
    """The same with every blank between them, where all have one."""

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


Row = Sequence[Segment]


def rows_of(segments: Iterable[Segment]) -> list[list[Segment]]:
    """Group what stands beside each other, from the top of the page to its bottom."""
    rows: list[list[Segment]] = []
    for one in sorted(segments, key=lambda one: (-one.middle, one.left)):
        if rows and beside(rows[-1][0], one) and not any(_is_above(held, one) for held in rows[-1]):
            rows[-1].append(one)
        else:
            rows.append([one])
    return rows


def letters(words: str) -> int:
    """Count them."""
    return sum(1 for one in words if one.isalpha())


def beside(first: Segment, one: Segment) -> bool:
    """Tell whether they stand on one line."""
    return abs(first.middle - one.middle) < SAME_LINE * max(first.height, one.height)


def _is_above(held: Segment, one: Segment) -> bool:
    """Tell two lines beside something tall, as a large number or the sign of a sum, from one."""
    return (
        held.bottom > one.middle
        and held.middle > one.top
        and min(held.right, one.right) > max(held.left, one.left)
    )
