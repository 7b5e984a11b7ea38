"""What became of the passages that an approval was shown with, read from the ledger."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from graph.server.database import Database, Row

CHOICES: Final = ("as_pinned", "refresh")


async def with_knowledge(
    database: Database, workspace: str, bodies: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Add `knowledge` to each approval: how many of its cited chunks are not what is live now."""
    cited = [_chunks(one["request"]) for one in bodies]
    now = await _now(database, workspace, [chunk for several in cited for chunk in several])
    return [
        {**body, "knowledge": _said(chunks, now)}
        for body, chunks in zip(bodies, cited, strict=True)
    ]


async def _now(
    database: Database, workspace: str, chunks: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], Row]:
    if not chunks:
        return {}
    rows = await database.rows(
        "chunks_now",
        workspace=workspace,
        agents=[one["agent_id"] for one in chunks],
        chunks=[UUID(one["chunk_id"]) for one in chunks],
        paths=[one["path"] for one in chunks],
    )
    return {(row["agent_id"], str(row["chunk_id"])): row for row in rows}


def _said(
    chunks: Sequence[Mapping[str, Any]], now: Mapping[tuple[str, str], Row]
) -> dict[str, Any]:
    states = {(one["agent_id"], one["chunk_id"]): one for one in chunks}
    changed: list[dict[str, Any]] = []
    for key, chunk in states.items():
        row = now.get(key)
        if row is None or not row["same"]:
            lives = row is not None and row["document_lives"]
            state = "changed" if lives else "gone"
            changed.append({"agent_id": key[0], "path": chunk["path"], "chunk_id": key[1],
                            "generation": chunk["generation"], "state": state})  # fmt: skip
    choices = list(CHOICES) if chunks else []
    return {"cited": len(states), "changed": len(changed), "chunks": changed, "choices": choices}


def _chunks(request: Any) -> list[Mapping[str, Any]]:
    """Cited chunks; requests of other graphs may hold anything under this name."""
    if not isinstance(request, Mapping):
        return []
    found: Any = cast("Mapping[str, Any]", request).get("evidence")
    several = cast("list[Any]", found) if isinstance(found, list) else []
    return [cast("Mapping[str, Any]", one) for one in several if _is_chunk(one)]


def _is_chunk(one: Any) -> bool:
    if not isinstance(one, Mapping):
        return False
    fields = cast("Mapping[str, Any]", one)
    texts = all(isinstance(fields.get(name), str) for name in ("agent_id", "chunk_id", "path"))
    return texts and "generation" in fields and _is_uuid(fields["chunk_id"])


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
