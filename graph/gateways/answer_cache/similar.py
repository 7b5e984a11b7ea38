"""Questions that were answered, in Qdrant: the way from a new wording to one that is known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import httpx
import structlog
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from kb_contract.identifiers import kept_questions
from kb_contract.payload import DENSE

log = structlog.get_logger(__name__)
NEAREST: Final = 6
ALIKE: Final = 0.7
"""Cosine below which no two wordings of one question were ever seen; above it the words decide."""
_AWAY: Final = (ApiException, httpx.HTTPError, OSError)
_EXISTS: Final = 409
_NOT_FOUND: Final = 404


@dataclass
class SimilarQuestions:
    """Only ids and scopes lie here; an id without its row in Postgres is nothing."""

    qdrant: AsyncQdrantClient
    workspace: str
    model: str
    """Vectors of two models never meet."""
    _there: bool = field(default=False, init=False)

    @property
    def collection(self) -> str:
        return kept_questions(self.workspace, self.model)

    async def near(self, scope: str, vector: Sequence[float]) -> list[str]:
        """Return ids of kept answers to questions that may be the same, nearest first."""
        only = models.Filter(
            must=[models.FieldCondition(key="scope", match=models.MatchValue(value=scope))]
        )
        try:
            found = await self.qdrant.query_points(
                self.collection,
                query=list(vector),
                using=DENSE,
                query_filter=only,
                limit=NEAREST,
                score_threshold=ALIKE,
                with_payload=False,
            )
        except UnexpectedResponse as error:
            if error.status_code != _NOT_FOUND:
                log.warning("kept questions cannot be searched", error=str(error)[:200])
            return []
        except _AWAY as error:
            log.warning("kept questions cannot be searched", error=str(error)[:200])
            return []
        return [str(one.id) for one in found.points]

    async def keep(self, entry_id: str, scope: str, vector: Sequence[float]) -> None:
        point = models.PointStruct(
            id=str(UUID(entry_id)), vector={DENSE: list(vector)}, payload={"scope": scope}
        )
        try:
            await self._made(len(vector))
            await self.qdrant.upsert(self.collection, [point], wait=True)
        except _AWAY as error:
            self._there = False
            log.warning("a question is not kept", error=str(error)[:200])

    async def forget(self, entries: Sequence[str]) -> None:
        if not entries:
            return
        gone = models.PointIdsList(points=[str(UUID(one)) for one in entries])
        try:
            await self.qdrant.delete(self.collection, gone, wait=True)
        except _AWAY as error:
            log.warning("kept questions are left behind", error=str(error)[:200])

    async def _made(self, size: int) -> None:
        if self._there:
            return
        if not await self.qdrant.collection_exists(self.collection):
            try:
                await self.qdrant.create_collection(
                    self.collection,
                    vectors_config={
                        DENSE: models.VectorParams(size=size, distance=models.Distance.COSINE)
                    },
                )
            except UnexpectedResponse as error:
                if error.status_code != _EXISTS:  # another process was first
                    raise
            await self.qdrant.create_payload_index(
                self.collection, "scope", models.PayloadSchemaType.KEYWORD
            )
        self._there = True
