"""What every reader gives: a text, and blocks that lie in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dagster_kb.chunking.blocks import Block
from dagster_kb.chunking.named_spans import NamedSpan
from dagster_kb.readers.front_matter import FrontMatter
from kb_contract.errors import BadDocument

LONGEST_HEADING: Final = 200


@dataclass(frozen=True)
class ParsedDocument:
    """A document as its reader sees it; blocks lie in `text` in order, and never overlap."""

    title: str
    front_matter: FrontMatter
    blocks: tuple[Block, ...]
    text: str
    extracted: bool = False
    """The text was drawn out of the file: offsets are into it, not into the file's own text."""
    notes: tuple[str, ...] = ()
    """What could not be read although the rest could, for a person."""
    named: tuple[NamedSpan, ...] = ()
    """What its parts tell of, where a heading does not say so."""


def first_heading(blocks: Sequence[Block]) -> str:
    """Return the first heading's words, or nothing."""
    return next((one.heading_path[-1] for one in blocks if one.heading_path), "")


def one_line(words: str, longest: int = LONGEST_HEADING) -> str:
    """Put words on one line, cut where nobody reads on."""
    line = " ".join(words[: 8 * longest].split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


class HeadingPath:
    """The headings above a place, from the outermost."""

    def __init__(self) -> None:
        self._levels: list[tuple[int, str]] = []

    def enter(self, level: int, words: str) -> None:
        """Step to a heading: those as deep or deeper are left; a skipped level is no level."""
        while self._levels and self._levels[-1][0] >= level:
            self._levels.pop()
        self._levels.append((level, words))

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(words for _, words in self._levels if words)


def refuse_more_than(limit: int, what: str, found: Iterable[object] | int) -> None:
    """Refuse what is too much of `what` to be one document."""
    number = found if isinstance(found, int) else sum(1 for _ in found)
    if number > limit:
        raise BadDocument(
            f"{number:,} {what}, more than {limit:,}", cure="split it into several documents"
        )
