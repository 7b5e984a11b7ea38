"""Pure: what becomes of a file in an agent's folder, and what its points carry."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from dagster_kb.chunking.sections import ChunkDraft
from dagster_kb.readers.parsed_document import one_line
from dagster_kb.readers.reading import FRONT_MATTER_ONLY, ReadDocument
from kb_contract.embedding_space import searched_text
from kb_contract.identifiers import chunk_id, document_id, sha256_text
from kb_contract.points import chunk_payload

Status = Literal["published", "unpublished", "quarantined"]
PUBLISHED = "published"
MOST_NOTES: Final = 20
LONGEST_NOTE: Final = 500


@dataclass(frozen=True)
class FileIdentity:
    """The bytes of a document, where they were first seen, and how they are read."""

    workspace: str
    path: str
    blob_sha: str
    reader: str
    mime: str


@dataclass(frozen=True)
class NewDocument:
    """A document that was just read, or `reason` why it could not be."""

    identity: FileIdentity
    file_sha256: str
    size_bytes: int
    read: ReadDocument | None
    reason: str | None = None
    stopped: int = 0
    """1 when reading it met a limit: after a second time, in another run, it is not read again."""

    @classmethod
    def of(
        cls,
        identity: FileIdentity,
        data: bytes,
        read: ReadDocument | None,
        reason: str | None = None,
        *,
        stopped: int = 0,
    ) -> "NewDocument":
        return cls(identity, hashlib.sha256(data).hexdigest(), len(data), read, reason, stopped)

    @property
    def document_id(self) -> UUID:
        return document_id(self.identity.workspace, self.file_sha256, self.identity.reader)

    def row(self) -> dict[str, Any]:
        """Columns of kb.documents."""
        return {
            "document_id": self.document_id,
            "file_sha256": self.file_sha256,
            "blob_sha": self.identity.blob_sha,
            "reader": self.identity.reader,
            "source_name": self.identity.path,
            "mime": self.identity.mime,
            "size_bytes": self.size_bytes,
            "title": self.read.title if self.read else "",
            "front_matter": self.read.front_matter if self.read else {},
            "status": self.read.status if self.read else PUBLISHED,
            "reason": self.reason,
            "extracted_text": self.read.extracted_text if self.read else None,
            "stopped": self.stopped,
            "notes": self._notes(),
        }

    def _notes(self) -> list[str]:
        found = self.read.notes if self.read else ()
        return [one_line(one, LONGEST_NOTE) for one in found[:MOST_NOTES]]

    def chunk_rows(self) -> list[dict[str, Any]]:
        """Rows of kb.chunks."""
        if self.read is None:
            return []
        said = {
            "title": self.read.title, "front_matter": self.read.front_matter, "situation": "",
        }  # fmt: skip
        return [
            {
                "document_id": self.document_id,
                "chunk_index": chunk.ordinal,
                "heading_path": list(chunk.heading_path),
                "start_offset": chunk.start,
                "end_offset": chunk.end,
                "text": chunk.text,
                "text_sha256": sha256_text(chunk.text),
                "embed_sha256": sha256_text(_searched(chunk, said)),
                "tokens": chunk.tokens,
                "page": chunk.page,
                "context": chunk.context,
            }
            for chunk in self.read.chunks
        ]

    def stored(self) -> "StoredDocument":
        return StoredDocument.of(self.row())


def _searched(chunk: ChunkDraft, said: Mapping[str, Any]) -> str:
    told = {"heading_path": chunk.heading_path, "text": chunk.text, "context": chunk.context}
    return searched_text({**said, **told})


@dataclass(frozen=True)
class StoredDocument:
    """What placing a document needs to know of it."""

    document_id: UUID
    front_matter: Mapping[str, Any]
    status: str
    reason: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "StoredDocument":
        return cls(row["document_id"], row["front_matter"], row["status"], row["reason"])


@dataclass(frozen=True)
class PlacedDocument:
    """A file of the agent's folder at one commit, and what became of it."""

    path: str
    blob_sha: str
    document_id: UUID | None
    status: Status
    reason: str | None = None

    def row(self) -> dict[str, Any]:
        """Columns of kb.generation_documents."""
        return dict(vars(self))


def place(path: str, blob_sha: str, agent: str, stored: StoredDocument) -> PlacedDocument:
    """Apply the rules that depend on where the document lies."""
    status, reason = _fate(agent, stored)
    return PlacedDocument(path, blob_sha, stored.document_id, status, reason)


def _fate(agent: str, stored: StoredDocument) -> tuple[Status, str | None]:
    if stored.reason:
        return "quarantined", stored.reason
    said = stored.front_matter.get("agent_id")
    if said not in (None, agent):
        return "quarantined", (
            f"front matter says agent_id {said!r} but the folder is {agent!r} → "
            "move the file, or leave agent_id out"
        )
    if stored.status == FRONT_MATTER_ONLY:
        return "unpublished", "there is no text below its front matter"
    if stored.status != PUBLISHED:
        return "unpublished", f"status is {stored.status!r}; only 'published' is served"
    return "published", None


@dataclass(frozen=True)
class ManifestRow:
    """One chunk of a generation."""

    chunk_id: UUID
    document_id: UUID
    chunk_index: int
    path: str
    payload_sha256: str

    def columns(self) -> tuple[Any, ...]:
        return (self.chunk_id, self.document_id, self.chunk_index, self.path, self.payload_sha256)


def manifest_rows(
    workspace: str, agent: str, document: Mapping[str, Any], chunks: Sequence[Mapping[str, Any]]
) -> Iterator[ManifestRow]:
    """Ids and payload digests of one document at one path."""
    seen: Counter[tuple[tuple[str, ...], str]] = Counter()
    for chunk in chunks:
        place_and_text = (tuple(chunk["heading_path"]), chunk["text_sha256"])
        identity = chunk_id(
            workspace, agent, document["path"], place_and_text[0],
            seen[place_and_text], chunk["text_sha256"],
        )  # fmt: skip
        seen[place_and_text] += 1
        payload = chunk_payload(workspace, agent, {**document, **chunk})
        yield ManifestRow(
            identity, document["document_id"], chunk["chunk_index"], document["path"],
            payload.digest(),
        )  # fmt: skip
