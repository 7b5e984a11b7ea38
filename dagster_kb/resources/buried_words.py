"""Pure: whether a chunk says what a person deleted, however it is cut now."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kb_contract.identifiers import sha256_text

# What is shorter could stand anywhere by chance, so only the very same chunk is meant.
TELLING: Final = 20
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")
_BLOCK_END: Final = re.compile(r"\n\s*\n|\n(?=#)")


@dataclass(frozen=True)
class BuriedWords:
    """A deleted text, known by digests only."""

    tombstone: int
    text_sha256: str
    sentences: frozenset[str]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "BuriedWords":
        return cls(row["tombstone_id"], row["text_sha256"], frozenset(row["sentences"]))

    def are_in(self, chunk: Mapping[str, Any]) -> bool:
        """Whether it is that text, or has every sentence of it."""
        if chunk["text_sha256"] == self.text_sha256:
            return True
        return bool(self.sentences) and self.sentences <= sentence_digests(chunk["text"])


def sentence_digests(text: str) -> frozenset[str]:
    """Digests of a text's sentences, without headings; however its lines are broken."""
    blocks = (" ".join(one.split()) for one in _BLOCK_END.split(text))
    return frozenset(
        sha256_text(sentence)
        for block in blocks
        if not block.startswith("#")
        for sentence in _SENTENCE_END.split(block)
        if sentence
    )


def telling_sentences(text: str) -> frozenset[str]:
    """Digests that tell a text again; none of one that is too short to be told by them."""
    blocks = (" ".join(one.split()) for one in _BLOCK_END.split(text))
    said = sum(len(block) for block in blocks if not block.startswith("#"))
    return sentence_digests(text) if said >= TELLING else frozenset()
