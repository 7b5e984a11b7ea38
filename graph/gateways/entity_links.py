"""Chunks by what they name, from the ledger: a way to passages that no word of the question leads to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from graph.gateways.knowledge_reader import only_everyone, utc_now
from graph.gateways.postgres import LazyPool
from graph.ports import CallerGroups, Linked
from graph.retrieval.rights import Rights
from kb_contract.named_queries import named_queries


@dataclass(frozen=True)
class PostgresEntityLinks:
    """The real `EntityLinks`."""

    pool: LazyPool
    workspace: str
    caller: CallerGroups = only_everyone
    now: Callable[[], datetime] = utc_now

    async def linked(
        self, agent_id: str, chunk_ids: Sequence[str], *, limit: int = 20
    ) -> list[Linked]:
        chunks = [UUID(one) for one in chunk_ids]
        names = await self._rows("names_of_chunks", agent=agent_id, chunks=chunks)
        if not names:
            return []
        rows = await self._rows(
            "chunks_naming", agent=agent_id, names=[row["name"] for row in names], without=chunks,
            limit=limit, **Rights(self.caller(), self.now()).values(),
        )  # fmt: skip
        return [Linked(str(row["chunk_id"]), tuple(row["names"]), row["weight"]) for row in rows]

    async def _rows(self, name: str, **values: Any) -> list[dict[str, Any]]:
        statement = named_queries("entities")[name]
        return await self.pool.rows(statement, {"workspace": self.workspace, **values})
