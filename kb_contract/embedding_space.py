"""Which model made a vector; vectors of two spaces never meet."""

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict

from kb_contract.identifiers import sha256_json

DEFAULT_MODEL: Final = "sentence-transformers/all-MiniLM-L6-v2"
# The weights that every independent copy of the default model has.
KNOWN_DIGESTS: Final = {
    DEFAULT_MODEL: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
}
# BM25 as Qdrant's own `qdrant/bm25` computes it; the mean length is part of the space.
BM25_AVERAGE_LENGTH: Final = 160.0
FILE_NAME: Final = "file_name"
"""Words of a file's name, where they say more than its title."""
# Keys of front matter that say where a document comes from; they are searched with each chunk.
ORIGIN_FIELDS: Final = (
    "source", "publisher", "author", "authors", "company", "product", "category",
)  # fmt: skip
LONGEST_ORIGIN: Final = 120
_RULE: Final = re.compile(r"([-=])\1{31,}")


class EmbeddingSpace(BaseModel):
    """The identity of an embedding: model, weights, prefix, dimension."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    weights_sha256: str
    dimension: int
    max_tokens: int
    prefix: str = ""
    sparse: str = f"qdrant/bm25 avg_len={BM25_AVERAGE_LENGTH}"
    words: str = "signs of pairs"
    """How the vectors of a text's words are kept."""

    @property
    def space_id(self) -> str:
        """Key of the space in the store of embeddings."""
        return space_key(self.model_dump(mode="json"))


def space_key(said: Mapping[str, Any]) -> str:
    """Key of a space as a generation says it."""
    return sha256_json(dict(said))[:32]


def nearness_key(said: Mapping[str, Any]) -> str:
    """Name what vectors must share to be compared, in a space as a generation says it."""
    return sha256_json(
        [said.get(one) for one in ("model", "weights_sha256", "dimension", "prefix")]
    )[:32]


def embedded_text(
    title: str,
    heading_path: tuple[str, ...],
    text: str,
    context: str = "",
    origin: tuple[str, ...] = (),
    situation: str = "",
) -> str:
    """Text that is embedded: place, origin, situation and context in words, then the chunk. Never quoted."""
    place = [title, *heading_path] if title not in heading_path[:1] else list(heading_path)
    lines = (" > ".join(part for part in place if part), " | ".join(origin), situation)
    header = "\n".join(line for line in lines if line)
    body = f"{context}\n{text}" if context else text
    return with_short_rules(f"{header}\n\n{body}" if header else body)


def with_short_rules(text: str) -> str:
    """Shorten lines that are drawn: a model takes each of their marks for a word."""
    drawn = "----" in text or "====" in text
    return _RULE.sub(r"\1\1\1", text) if drawn else text


def searched_text(row: Mapping[str, Any]) -> str:
    """Make that text of a row of the ledger: of a chunk and its document."""
    headings, said = tuple(row["heading_path"]), row["front_matter"]
    title = "" if row["title"] in headings[:1] else row["title"]
    named = " > ".join(one for one in (file_name_of(said), title) if one)
    return embedded_text(
        named, headings, row["text"], row["context"], origin_of(said), row["situation"]
    )


def file_name_of(front_matter: Mapping[str, Any]) -> str:
    """Return what a file's name adds to its title."""
    said: Mapping[str, Any] = front_matter.get("extra") or {}
    name: Any = said.get(FILE_NAME)
    return " ".join(name.split())[:LONGEST_ORIGIN] if isinstance(name, str) else ""


def origin_of(front_matter: Mapping[str, Any]) -> tuple[str, ...]:
    """Say where a document comes from: people ask for what somebody wrote, or some paper said."""
    said: Mapping[str, Any] = front_matter.get("extra") or {}
    found: list[Any] = []
    for name in ORIGIN_FIELDS:
        value: Any = said.get(name)
        found += cast("list[Any]", value) if isinstance(value, list) else [value]
    words = [" ".join(one.split()) for one in found if isinstance(one, str)]
    return tuple(one for one in dict.fromkeys(words) if 0 < len(one) <= LONGEST_ORIGIN)
