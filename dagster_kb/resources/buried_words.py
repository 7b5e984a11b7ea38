"""Pure: whether a chunk says what a person deleted, however it is cut now."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Final
from unicodedata import east_asian_width

from dagster_kb.resources.earlier_cuts import parts_as_before
from kb_contract.identifiers import sha256_text

# A shorter text could stand anywhere by chance, so only the very same chunk is meant.
TELLING: Final = 20
# Letters and digits of a sentence or a line that tells the text in the place where it stood.
TELLING_THERE: Final = 8
# Fewer are enough with a digit among them, as in a door's code; `12.` is an item's number.
_TELLING_CODE: Final = 4
# Quotes, marks, brackets and footnotes that close a sentence.
_CLOSED: Final = r"(?:[\"'”’»)\]*_`~¹²³]|\[\^?[\w-]+\]_?)*"  # noqa: RUF001
# Wherever a chunk may end behind a sentence, and more: no neighbour's words belong to a part. All
# alternatives begin with one set of letters, or a search for it takes three times as long.
_SENTENCE_END: Final = re.compile(rf"[.!?…。！？।॥؟۔｡](?:(?<=[。！？।॥؟۔｡])|{_CLOSED}\s+)")  # noqa: RUF001
_MARKER: Final = re.compile(r"^(?:[-*+•>]|\d+[.)])\s+")
_FENCE: Final = re.compile(r"```[^`]*$|~~~")
_WORD: Final = re.compile(r"\w+")
_WIDE: Final = "WF"
# A line that is broken elsewhere gets another space in Chinese, which has none.
_SPACE_IN_CJK: Final = re.compile(r"(?<=[\u2e80-\uffef]) (?=[\u2e80-\uffef])")


class Found(Enum):
    """How much of a deleted text a chunk has."""

    WHOLE = "whole"
    PART = "part"


@dataclass(frozen=True)
class Said:
    """What a text says, by digests of its parts; without headings."""

    sentences: frozenset[str]
    """However its lines are broken."""
    lines: frozenset[str]
    """Sentences line by line: items of a list, rows of a table and lines of code have no other end."""

    before: frozenset[str] = frozenset()
    """As deletions know them that were kept by earlier versions."""

    @classmethod
    def by(cls, text: str) -> "Said":
        blocks = list(_blocks(text))
        cuts = {*_sentences(blocks)}, {*_lines(blocks)}, parts_as_before(text)
        digests = {one: sha256_text(one) for one in set[str]().union(*cuts)}
        return cls(*(frozenset(digests[one] for one in parts) for parts in cuts))

    @cached_property
    def parts(self) -> frozenset[str]:
        return self.sentences | self.lines | self.before


@dataclass(frozen=True)
class BuriedWords:
    """A deleted text, known by digests only."""

    tombstone: int
    agent: str
    text_sha256: str
    said: Said
    place: str
    """Its file below the agent's folder."""
    telling: frozenset[str]
    """What no other chunk of its document said."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "BuriedWords":
        said = Said(frozenset(row["sentences"]), frozenset(row["lines"]))
        return cls(
            row["tombstone_id"], row["agent_id"], row["text_sha256"], said, row["place"],
            frozenset(row["telling"]),
        )  # fmt: skip

    def found_in(self, text_sha256: str, said: Said, *, there: bool) -> Found | None:
        """All of it, wherever it stands; or `there`, in the file that it was deleted from, some.

        Which of its words must not be read nobody knows, so any of them that is still there may be.
        """
        if text_sha256 == self.text_sha256 or self._whole_in(said):
            return Found.WHOLE
        some = there and not self.telling.isdisjoint(said.parts)
        return Found.PART if some else None

    def _whole_in(self, said: Said) -> bool:
        return any(one and one <= said.parts for one in (self.said.sentences, self.said.lines))


class ManyBuriedWords:
    """Deleted texts by their digests, so that a text is compared only with what shares one with it.

    Parts are looked for only of those that were deleted from the agent.
    """

    def __init__(self, buried: Iterable[BuriedWords], agent: str) -> None:
        known = list(buried)
        self._whole: dict[str, list[BuriedWords]] = {}
        self._telling: dict[str, dict[str | int, list[BuriedWords]]] = {}
        shared = Counter(digest for words in known for digest in words.said.parts)
        for words in known:
            # All of it has each of its parts, so the one that the fewest have is enough to ask by.
            parts = [one for one in (words.said.sentences, words.said.lines) if one]
            asked = {min(one, key=lambda digest: (shared[digest], digest)) for one in parts}
            for digest in asked | {words.text_sha256}:
                self._whole.setdefault(digest, []).append(words)
            for digest in words.telling if words.agent == agent else ():
                by_file = self._telling.setdefault(digest, {})
                for file in (words.place, words.tombstone):
                    by_file.setdefault(file, []).append(words)

    def found_in(
        self, text_sha256: str, said: Said, files: AbstractSet[str | int]
    ) -> Iterator[tuple[BuriedWords, Found]]:
        """Those of which a text says all, and of those that were in its files some.

        `files` are their places, and the numbers of deletions that may have come into them.
        """
        near = {one.tombstone: one for digest in self._whole.keys() & {text_sha256, *said.parts}
                for one in self._whole[digest]}  # fmt: skip
        there = {one.tombstone: one for digest in self._telling.keys() & said.parts
                 for file in self._telling[digest].keys() & files
                 for one in self._telling[digest][file]}  # fmt: skip
        for number, words in sorted((near | there).items()):
            if how := words.found_in(text_sha256, said, there=number in there):
                yield words, how


def telling_of(text: str, headings: Iterable[str]) -> Said:
    """What tells a text again wherever it stands; nothing of one that is too short for that.

    A line that begins with `#` counts where there is nothing else: it may be a comment.
    """
    named = {_words(one) for one in headings}
    blocks = _below(text, named)
    for kept in ([one for one in blocks if not one.may_be_heading], blocks):
        if sum(map(_width, _lines(kept))) >= TELLING:
            return Said(_digests(_sentences(kept)), _digests(_lines(kept, named)))
    return Said(frozenset(), frozenset())


def telling_there(text: str, headings: Iterable[str], others: Iterable[str]) -> frozenset[str]:
    """Digests of the sentences and lines that no other chunk of the document has.

    Without headings, which stay when what stood under them goes; they are told by their words, as
    formats underline or number them, and code has comments that look like some.
    """
    named = {_words(one) for one in headings}
    blocks = _below(text, named)
    mine = {*_sentences(blocks), *_lines(blocks, named)}
    elsewhere = [Said.by(one) for one in others]
    telling = (one for one in mine if _tells(one) and _words(one) not in named)
    return _digests(telling).difference(*(one.parts for one in elsewhere))


def place_of(path: str, agent: str) -> str:
    """A file's path below the agent's folder; nothing where it is in none of that name."""
    return f"/{path}".partition(f"/{agent}/")[2]


@dataclass(frozen=True)
class _Block:
    """Lines that belong together."""

    lines: list[str]
    may_be_heading: bool = False


def _blocks(text: str) -> Iterator[_Block]:
    """Part a text at empty lines, fences and underlines; what begins with `#` is alone.

    Whether that is a heading or a comment a chunk does not tell: it may have begun behind a fence.
    """
    lines, fenced = list[str](), False
    for line in (" ".join(one.split()) for one in text.splitlines()):
        fence = _FENCE.match(line) is not None
        fenced ^= fence
        alone = line.startswith("#")
        if lines and (alone or fence or not _WORD.search(line)):
            yield _Block(lines)
            lines = []
        if alone:
            yield _Block([line], may_be_heading=not fenced)
        elif not fence and _WORD.search(line):
            lines.append(line)
    if lines:
        yield _Block(lines)


def _below(text: str, headings: AbstractSet[str]) -> list[_Block]:
    return [one for one in _blocks(text) if _words(" ".join(one.lines)) not in headings]


def _sentences(blocks: Iterable[_Block]) -> Iterator[str]:
    for block in blocks:
        yield from _cut(" ".join(block.lines))


def _lines(
    blocks: Iterable[_Block], headings: AbstractSet[str] = frozenset()
) -> Iterator[str]:  # fmt: skip
    for block in blocks:
        for line in (one for one in block.lines if _words(one) not in headings):
            yield from _cut(_MARKER.sub("", line))


def _cut(line: str) -> Iterator[str]:
    """Give the sentences that have words, each with what closes it."""
    start = 0
    for end in (*(one.end() for one in _SENTENCE_END.finditer(line)), len(line)):
        if _WORD.search(line, start, end):
            part = line[start:end].strip()
            yield part if part.isascii() else _SPACE_IN_CJK.sub("", part)
        start = end


def _tells(part: str) -> bool:
    letters = _words(part).replace(" ", "")
    coded = any(map(str.isdecimal, letters)) and len(letters) >= _TELLING_CODE
    return coded or _width(letters) >= TELLING_THERE


def _width(text: str) -> int:
    """Letters, where one that is a syllable or a word counts for two."""
    return sum(1 + (east_asian_width(one) in _WIDE) for one in text)


def _digests(parts: Iterable[str]) -> frozenset[str]:
    return frozenset(map(sha256_text, parts))


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))
