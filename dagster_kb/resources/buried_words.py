"""Pure: whether a chunk says what a person deleted, however it is cut now."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Final

from kb_contract.identifiers import sha256_text

# A shorter text could stand anywhere by chance, so only the very same chunk is meant.
TELLING: Final = 20
# Letters and digits of a sentence or a line that tells the text in the place where it stood.
TELLING_THERE: Final = 8
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")
_MARKER: Final = re.compile(r"^(?:[-*+•>]|\d+[.)])\s+")
_FENCE: Final = ("```", "~~~")
_WORD: Final = re.compile(r"\w+")


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

    @classmethod
    def by(cls, text: str) -> "Said":
        sentences, lines = _parts(text)
        digests = {one: sha256_text(one) for one in sentences | lines}
        return cls(*(frozenset(digests[one] for one in part) for part in (sentences, lines)))

    @cached_property
    def parts(self) -> frozenset[str]:
        return self.sentences | self.lines


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
    """Deleted texts by their digests, so that a text is compared only with what shares one with it."""

    def __init__(self, buried: Iterable[BuriedWords]) -> None:
        self._by_digest: dict[str, list[BuriedWords]] = {}
        for words in buried:
            for digest in {words.text_sha256} | words.said.parts | words.telling:
                self._by_digest.setdefault(digest, []).append(words)

    def near(self, text_sha256: str, said: Said) -> list[BuriedWords]:
        """Those of which a text may say all or some, each once."""
        shared = self._by_digest.keys() & {text_sha256, *said.parts}
        found = {one.tombstone: one for digest in shared for one in self._by_digest[digest]}
        return [found[one] for one in sorted(found)]


def telling_of(text: str) -> Said:
    """What tells a text again wherever it stands; nothing of one that is too short for that."""
    length = sum(map(len, _lines(_blocks(text))))
    return Said.by(text) if length >= TELLING else Said(frozenset(), frozenset())


def telling_there(text: str, headings: Iterable[str], others: Iterable[str]) -> frozenset[str]:
    """Digests of the sentences and lines that no other chunk of the document has.

    Without headings, which stay when what stood under them goes; they are told by their words, as
    formats underline or number them.
    """
    named = {_words(one) for one in headings}
    mine = {
        one for one in set[str]().union(*_parts(text))
        if len(_words(one).replace(" ", "")) >= TELLING_THERE and _words(one) not in named
    }  # fmt: skip
    elsewhere = [Said.by(one) for one in others]
    return frozenset(map(sha256_text, mine)).difference(*(one.parts for one in elsewhere))


def place_of(path: str, agent: str) -> str:
    """A file's path below the agent's folder; nothing where it is in none of that name."""
    return f"/{path}".partition(f"/{agent}/")[2]


def _parts(text: str) -> tuple[set[str], set[str]]:
    """Sentences and lines."""
    blocks = list(_blocks(text))
    return set(_sentences(blocks)), set(_lines(blocks))


def _sentences(blocks: Iterable[list[str]]) -> Iterator[str]:
    for block in blocks:
        yield from _SENTENCE_END.split(" ".join(block))


def _lines(blocks: Iterable[list[str]]) -> Iterator[str]:
    for block in blocks:
        for line in block:
            yield from filter(None, _SENTENCE_END.split(_MARKER.sub("", line)))


def _blocks(text: str) -> Iterator[list[str]]:
    """Lines that belong together, without headings; behind a fence none is a heading."""
    block, fenced = list[str](), False
    for line in (" ".join(one.split()) for one in text.splitlines()):
        fence = line.startswith(_FENCE)
        if line and not fence and (fenced or not line.startswith("#")):
            block.append(line)
            continue
        fenced ^= fence
        if block:
            yield block
            block = []
    if block:
        yield block


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))
