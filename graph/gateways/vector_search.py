"""Searches in Qdrant, with a deadline, and with errors that say what to do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import httpx
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.conversions.common_types import QueryResponse
from qdrant_client.http.exceptions import (
    ApiException,
    ResponseHandlingException,
    UnexpectedResponse,
)

from graph.gateways.one_trip import OneTrip
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
REMEMBERED_ALIASES = 256
NOT_FOUND = 404
SERVER_SIDE = 500
Found = TypeVar("Found")
Requests = Sequence[models.QueryRequest]
Answers = Sequence[QueryResponse]
Trips = dict[str, OneTrip[Requests, Answers]]


@dataclass(frozen=True)
class VectorSearch:
    """Reads through aliases only."""

    qdrant: AsyncQdrantClient
    deadline: float = DEADLINE_SECONDS
    _trips: "WeakKeyDictionary[Any, Trips]" = field(
        default_factory=WeakKeyDictionary[Any, Trips], init=False, repr=False, compare=False
    )
    """By event loop and alias: one request to Qdrant asks of one collection."""

    async def candidates(
        self, alias: str, only: models.Filter, aims: Sequence[Aim], wordings: Sequence[Aim] = ()
    ) -> list[Candidate]:
        """Find what is near the question, in all its wordings, and each of its parts, in one round trip."""
        requests = hybrid_requests(only, aims, wordings)
        answers = await self._asked(alias, lambda: self._trip_to(alias).ask(requests))
        scores = [{str(one.id): one.score for one in each.points} for each in answers]
        return candidates_of(scores, len(wordings))

    def _trip_to(self, alias: str) -> OneTrip[Requests, Answers]:
        async def go(asked: Sequence[Requests]) -> Sequence[Answers]:
            every = [one for each in asked for one in each]
            async with asyncio.timeout(self.deadline):
                answers = iter(await self.qdrant.query_batch_points(alias, requests=every))
            return [list(islice(answers, len(each))) for each in asked]

        mine = self._trips.setdefault(asyncio.get_running_loop(), {})
        # An alias that nobody travels to is forgotten when many are known.
        if alias not in mine and len(mine) >= REMEMBERED_ALIASES:
            mine.clear()
        return mine.setdefault(alias, OneTrip(go))

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
