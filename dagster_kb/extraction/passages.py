"""A passage as it is asked about: what is sent, and the name of exactly that."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

from kb_contract.embedding_space import origin_of
from kb_contract.identifiers import CHUNK_NAMESPACE, sha256_json

# Enough to know what "it" is. More, and an edit would be paid for far beyond its paragraph.
SHOWN_BEFORE: Final = 300
_TO_WORD: Final = re.compile(r"^\S*\s+")


@dataclass(frozen=True)
class Passage:
    """One chunk of a document, with what helps to understand it."""

    document_id: UUID
    chunk_index: int
    path: str
    title: str
    origin: tuple[str, ...]
    heading_path: tuple[str, ...]
    before: str
    text: str

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> "Passage":
        """Make it of the ledger's row of chunk, document and the chunk before."""
        return cls(
            row["document_id"], row["chunk_index"], row["path"], row["title"],
            origin_of(row["front_matter"]), tuple(row["heading_path"]),
            tail(row["text_before"] or ""), row["text"],
        )  # fmt: skip

    @property
    def place(self) -> str:
        """Where a person finds it."""
        return " > ".join((self.path, *self.heading_path))

    def asked(self) -> str:
        """Return what is sent; a text cannot end the string that it stands in."""
        said: dict[str, Any] = {"document": self.title, "from": list(self.origin),
                "place": list(self.heading_path), "before": self.before, "passage": self.text}  # fmt: skip
        return json.dumps({name: one for name, one in said.items() if one}, ensure_ascii=False)

    @property
    def sha256(self) -> str:
        # Without the path: the same text in the same words around it is the same question.
        return sha256_json([self.title, list(self.origin), list(self.heading_path), self.before,
                            self.text])  # fmt: skip


def tail(text: str) -> str:
    """Return the last words of a text."""
    end = text.rstrip()
    return end if len(end) <= SHOWN_BEFORE else _TO_WORD.sub("", end[-SHOWN_BEFORE:])


def extraction_id(workspace: str, input_sha256: str, prompt_sha256: str, model: str) -> UUID:
    """Name the extraction of an input by a prompt and a model."""
    return uuid5(
        CHUNK_NAMESPACE, "\n".join(("extraction", workspace, input_sha256, prompt_sha256, model))
    )
