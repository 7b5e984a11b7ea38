"""What the ledger's row of a chunk becomes as the payload of a point: the writer's, and a copy's."""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from kb_contract.payload import EVERYONE, ChunkMetadata, ChunkPayload

# Every point of a document carries it; what is larger stays in the ledger only.
LARGEST_EXTRA: Final = 4096


def chunk_payload(workspace: str, agent: str, row: Mapping[str, Any]) -> ChunkPayload:
    """Make the payload of a point from the ledger's row of chunk and document."""
    said: Mapping[str, Any] = row["front_matter"]
    path: str = row["path"]
    # Marks a borrowed title, a table's header and a situation: equal payloads always mean equal vectors.
    borrowed = {} if row["title"] else {"untitled": True}
    columns = {"columns": row["context"]} if row["context"] else {}
    situated = {"situated": row["embed_sha256"][:12]} if row["situated"] else {}
    return ChunkPayload(
        text_chunk=row["text"],
        metadata=ChunkMetadata(
            title=row["title"] or PurePosixPath(path).name,
            version=said.get("version"),
            status=row["status"],
            agent_id=agent,
            tags=tuple(said.get("tags") or ()),
            purpose=said.get("purpose"),
            workspace_id=workspace,
            document_id=str(row["document_id"]),
            path=path,
            heading_path=tuple(row["heading_path"]),
            ordinal=row["chunk_index"],
            start=row["start_offset"],
            end=row["end_offset"],
            text_sha256=row["text_sha256"],
            page=row["page"],
            audience=tuple(said.get("audience") or (EVERYONE,)),
            effective=said.get("effective"),
            expires=said.get("expires"),
            extra={**_carried(said.get("extra") or {}), **borrowed, **columns, **situated},
        ),
    )


def _carried(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    size = len(json.dumps(extra, ensure_ascii=False).encode()) if extra else 0
    return extra if size <= LARGEST_EXTRA else {}
