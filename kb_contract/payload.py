"""What one point in Qdrant carries. Both sides read and write it through this module only."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from kb_contract.identifiers import sha256_json

CONTRACT_VERSION: Final = 2
EVERYONE: Final = "everyone"
DENSE: Final = "dense"
SPARSE: Final = "sparse"
# (field, schema) pairs that the writer indexes and readers may filter by.
INDEXED_FIELDS: Final = (
    ("metadata.agent_id", "keyword"),
    ("metadata.tags", "keyword"),
    ("metadata.status", "keyword"),
    ("metadata.path", "keyword"),
    ("metadata.document_id", "keyword"),
    ("metadata.audience", "keyword"),
    ("metadata.version", "keyword"),
    ("metadata.effective", "datetime"),
    ("metadata.expires", "datetime"),
)


class ChunkMetadata(BaseModel):
    """Where a chunk comes from. No commit in here: an untouched chunk keeps its payload."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    version: str | None = None
    status: str = "published"
    agent_id: str
    tags: tuple[str, ...] = ()
    purpose: str | None = None
    workspace_id: str
    document_id: str
    path: str = Field(description="from the root of the git repository, with '/'")
    heading_path: tuple[str, ...] = ()
    ordinal: int = Field(description="position of the chunk in its document, from 0")
    start: int = Field(description="first character in the file as git has it, decoded as UTF-8")
    end: int = Field(description="one past the last character")
    text_sha256: str
    page: int | None = Field(default=None, description="from 1, where the format has pages")
    audience: tuple[str, ...] = Field(
        default=(EVERYONE,), description="groups that may read it; a reader of none of them may not"
    )
    effective: str | None = Field(default=None, description="RFC 3339; not served before")
    expires: str | None = Field(default=None, description="RFC 3339; not served from then on")
    extra: Mapping[str, Any] = Field(default_factory=dict)


class ChunkPayload(BaseModel):
    """The payload of a point."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contract_version: int = CONTRACT_VERSION
    text_chunk: str
    metadata: ChunkMetadata

    def digest(self) -> str:
        """Digest of the whole payload; a point is written again exactly when it changes."""
        return sha256_json(self.model_dump(mode="json"))
