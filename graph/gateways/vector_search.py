"""Searches in Qdrant, with a deadline, and with errors that say what to do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import httpx
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import (
    ApiException,
    ResponseHandlingException,
    UnexpectedResponse,
)

from graph.retrieval.hybrid import hybrid_requests
from graph.retrieval.rights import Rights
from kb_contract.asked_question import Aim
from kb_contract.errors import KnowledgeUnavailable, NotServed
from kb_contract.payload import DENSE
from kb_contract.ranking import Candidate, candidates_of

DEADLINE_SECONDS = 8.0
ATTEMPTS = 2
BETWEEN_ATTEMPTS = 0.2
PARALLEL_ALIASES = 8
NOT_FOUND = 404
SERVER_SIDE = 500
Found = TypeVar("Found")


@dataclass(frozen=True)
class VectorSearch:
    """Reads through aliases only."""

    qdrant: AsyncQdrantClient
    deadline: float = DEADLINE_SECONDS

    async def candidates(
        self, alias: str, only: models.Filter, aims: Sequence[Aim], wordings: Sequence[Aim] = ()
    ) -> list[Candidate]:
        """Find what is near the question, in all its wordings, and each of its parts, in one round trip."""
        requests = hybrid_requests(only, aims, wordings)
        answers = await self._asked(
            alias, lambda: self.qdrant.query_batch_points(alias, requests=requests)
        )
        scores = [{str(one.id): one.score for one in each.points} for each in answers]
        return candidates_of(scores, len(wordings))

    async def nearest(
        self, aliases: Mapping[str, str], meaning: list[float], rights: Rights
    ) -> dict[str, float]:
        """Return the cosine of the nearest passage of each agent; 0 where nothing is served."""
        gate = asyncio.Semaphore(PARALLEL_ALIASES)

        async def one(agent_id: str, alias: str) -> float:
            async with gate:
                return await self._nearest(alias, rights.permitted(agent_id), meaning)

        scores = await asyncio.gather(*(one(*pair) for pair in aliases.items()))
        return dict(zip(aliases, scores, strict=True))

    async def _nearest(self, alias: str, only: models.Filter, meaning: list[float]) -> float:
        try:
            answer = await self._asked(
                alias,
                lambda: self.qdrant.query_points(
                    alias,
                    query=meaning,
                    using=DENSE,
                    query_filter=only,
                    limit=1,
                    with_payload=False,
                ),
            )
        except NotServed:
            return 0.0
        return max((point.score for point in answer.points), default=0.0)

    async def _asked(self, alias: str, ask: Callable[[], Awaitable[Found]]) -> Found:
        try:
            async with asyncio.timeout(self.deadline):
                return await _twice(ask)
        except UnexpectedResponse as error:
            if error.status_code == NOT_FOUND:
                raise NotServed(
                    "nothing is served under this alias",
                    where=alias,
                    cure="run `kb ingest` for this agent, which puts the alias back",
                ) from error
            raise _unavailable(f"Qdrant answered {error.status_code}") from error
        except (TimeoutError, ApiException, ResponseHandlingException, httpx.HTTPError) as error:
            raise _unavailable(f"Qdrant does not answer ({type(error).__name__})") from error


async def _twice(ask: Callable[[], Awaitable[Found]]) -> Found:
    """Ask once more when the server stumbled; a read may be repeated."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await ask()
        except UnexpectedResponse as error:
            if (error.status_code or SERVER_SIDE) < SERVER_SIDE:
                raise
        except (ResponseHandlingException, httpx.TransportError):
            pass
        await asyncio.sleep(BETWEEN_ATTEMPTS)
    return await ask()


def _unavailable(what: str) -> KnowledgeUnavailable:
    return KnowledgeUnavailable(what, where="QDRANT_URL", cure="see `kb status`; is Qdrant up?")
