"""Which model made a vector; vectors of two spaces never meet."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from kb_contract.identifiers import sha256_json

DEFAULT_MODEL: Final = "sentence-transformers/all-MiniLM-L6-v2"
# The weights that every independent copy of the default model has.
KNOWN_DIGESTS: Final = {
    DEFAULT_MODEL: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
}
# BM25 as Qdrant's own `qdrant/bm25` computes it; the mean length is part of the space.
BM25_AVERAGE_LENGTH: Final = 160.0


class EmbeddingSpace(BaseModel):
    """The identity of an embedding: model, weights, prefix, dimension."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    weights_sha256: str
    dimension: int
    max_tokens: int
    prefix: str = ""
    sparse: str = f"qdrant/bm25 avg_len={BM25_AVERAGE_LENGTH}"

    @property
    def space_id(self) -> str:
        """Key of the space in the store of embeddings."""
        return sha256_json(self.model_dump(mode="json"))[:32]


def embedded_text(title: str, heading_path: tuple[str, ...], text: str, context: str = "") -> str:
    """Text that is embedded: its place in words, then the chunk. Never what is quoted."""
    place = [title, *heading_path] if title not in heading_path[:1] else list(heading_path)
    header = " > ".join(part for part in place if part)
    body = f"{context}\n{text}" if context else text
    return f"{header}\n\n{body}" if header else body
