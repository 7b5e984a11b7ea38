"""Groups blocks under their headings into chunks; each chunk is an exact slice of the source."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import takewhile, zip_longest
from typing import Final

from dagster_kb.chunking.blocks import Block, is_apart
from dagster_kb.chunking.splitting import Splitter
from dagster_kb.chunking.tokens import CHARACTERS_PER_TOKEN, TokenCounter

CHUNKER_VERSION: Final = 5
# A section shorter than this says too little alone: it joins what follows.
TINY_TOKENS: Final = 20
_WORD: Final = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class ChunkDraft:
    """A chunk before it has an id: `text == source[start:end]`."""

    ordinal: int
    heading_path: tuple[str, ...]
    start: int
    end: int
    text: str
    tokens: int
    page: int | None = None
    context: str = ""
    """What is embedded with the text and never quoted: the header of its table or what it tells of, and its line's other words."""


@dataclass(frozen=True, slots=True)
class _Weighed:
    block: Block
    weight: int


@dataclass(frozen=True, slots=True)
class _Section:
    blocks: tuple[_Weighed, ...]

    @property
    def page(self) -> int | None:
        return self.blocks[0].block.page

    def goes_on_in(self, after: "_Section", text: str) -> bool:
        """Tell whether a chunk may reach over both."""
        last, first = self.blocks[-1].block, after.blocks[0].block
        return self.page == after.page and not is_apart(text, last.end, first.start)

    def is_told_by(self, after: "_Section", text: str) -> bool:
        """Tell whether these are headings alone, parted by words left out from what tells them as its path."""
        last, first = self.blocks[-1].block, after.blocks[0].block
        path = _path(text, after.blocks)
        return is_apart(text, last.end, first.start) and all(
            one.block.kind == "heading" and _is_above(one.block.heading_path, path)
            for one in self.blocks
        )

    def then(self, after: "_Section") -> "_Section":
        return _Section((*self.blocks, *after.blocks))


@dataclass(frozen=True)
class Chunker:
    """Makes chunks of at most `limit` tokens."""

    limit: int
    count: TokenCounter

    def chunk(self, text: str, blocks: Sequence[Block]) -> list[ChunkDraft]:
        """Chunk a document; chunks do not overlap, and between them lies only what is in no block, or silent."""
        splitter = Splitter(self.count)
        weighed = [_Weighed(one, splitter.weigh(text, (one.start, one.end))) for one in blocks]
        piles = list(self._piles(text, self._joined(text, _sections(text, weighed)), splitter))
        shown = [one for one in piles if not all(part.block.silent for part in one)] or piles
        return [self._draft(number, text, one) for number, one in enumerate(shown)]

    def _draft(self, number: int, text: str, pile: Sequence[_Weighed]) -> ChunkDraft:
        first, end = pile[0].block, pile[-1].block.end
        piece, path = text[first.start : end], _path(text, pile)
        return ChunkDraft(number, path, first.start, end, piece, self.count(piece), first.page)

    def _piles(
        self, text: str, sections: Sequence[_Section], splitter: Splitter
    ) -> Iterator[list[_Weighed]]:
        for section, after in zip_longest(sections, sections[1:]):
            if not (after and section.is_told_by(after, text)):
                yield from self._packed(text, section, splitter)

    def _joined(self, text: str, sections: Iterator[_Section]) -> list[_Section]:
        """Join tiny sections to what follows, and the last one to what precedes it."""
        joined: list[_Section] = []
        for section in sections:
            if (
                joined
                and joined[-1].goes_on_in(section, text)
                and self._says_too_little(joined[-1].blocks)
            ):
                joined[-1] = joined[-1].then(section)
            else:
                joined.append(section)
        if len(joined) > 1 and self._says_too_little(joined[-1].blocks):
            before, last = joined[-2:]
            fits = _weight(before.blocks) + _weight(last.blocks) <= self.limit
            if fits and before.goes_on_in(last, text):
                joined[-2:] = [before.then(last)]
        return joined

    def _packed(self, text: str, section: _Section, splitter: Splitter) -> Iterator[list[_Weighed]]:
        """Fill chunks with whole blocks; split only what is too long for one."""
        pile: list[_Weighed] = []
        for one in section.blocks:
            room = self.limit - (_weight(pile) if self._says_too_little(pile) else 0)
            for unit in self._units(text, one, room, splitter):
                if pile and not self._fits(pile, unit):
                    yield pile
                    pile = []
                pile.append(unit)
        if pile:
            yield pile

    def _fits(self, pile: Sequence[_Weighed], unit: _Weighed) -> bool:
        # Blanks between two pieces weigh nothing, but there may be a great many.
        length = unit.block.end - pile[0].block.start
        within = _weight(pile) + unit.weight <= self.limit
        return within and length <= self.limit * CHARACTERS_PER_TOKEN

    def _units(self, text: str, one: _Weighed, room: int, splitter: Splitter) -> Iterator[_Weighed]:
        if one.weight <= room:
            yield one
            return
        # Of even size, so that no crumb is left at the end.
        parts = -(-one.weight // room)
        aim = min(room, one.weight * 23 // (parts * 20) + 1)
        block = one.block
        for start, end in splitter.split(block, text, (block.start, block.end), aim):
            piece = replace(block, start=start, end=end)
            yield _Weighed(piece, splitter.weigh(text, (start, end)))

    def _says_too_little(self, blocks: Sequence[_Weighed]) -> bool:
        if _weight(blocks) > self.limit // 2:
            return False
        said = [one for one in blocks if not one.block.silent]
        is_heading = all(one.block.kind == "heading" for one in said)
        return is_heading or _weight(said) < min(TINY_TOKENS, self.limit // 4)


def _sections(text: str, blocks: Sequence[_Weighed]) -> Iterator[_Section]:
    """Part the blocks before each heading, where another function or page begins, or words are left out."""
    part: list[_Weighed] = []
    for one in blocks:
        if part and _begins_another(text, part[-1].block, one.block):
            yield _Section(tuple(part))
            part = []
        part.append(one)
    if part:
        yield _Section(tuple(part))


def _begins_another(text: str, before: Block, block: Block) -> bool:
    if block.kind == "heading" or block.page != before.page:
        return True
    return block.heading_path != before.heading_path or is_apart(text, before.end, block.start)


def _weight(blocks: Sequence[_Weighed]) -> int:
    return sum(one.weight for one in blocks)


def _path(text: str, blocks: Sequence[_Weighed]) -> tuple[str, ...]:
    """Where the words of a chunk stand: under the headings above all of them; a line across is no word."""
    found = [one.block for one in blocks if not one.block.silent]
    found = found or [one.block for one in blocks]
    said = [
        one for one in found if one.kind != "heading" and _WORD.search(text, one.start, one.end)
    ]
    if said:
        # In a program no heading parts a class's first line from its method: both are the method's.
        is_program = len(said) == len(found)
        return reduce(_deeper if is_program else shared_path, (one.heading_path for one in said))
    deepest = found[-1].heading_path
    paths = (one.heading_path for one in found)
    return reduce(shared_path, (one for one in paths if not _is_above(one, deepest)), deepest)


def _deeper(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Give the one that lies in the other, else what is above both."""
    nested = _is_above(one, other) or _is_above(other, one)
    return max(one, other, key=len) if nested else shared_path(one, other)


def _is_above(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return other[: len(one)] == one


def shared_path(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Where two pieces together stand: under the headings above both."""
    pairs = zip(one, other, strict=False)
    return tuple(first for first, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
