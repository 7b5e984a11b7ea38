"""Keeps kept answers true beside the questions: after every change, and now and then."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from pydantic import SecretStr

from graph.caching.kept_answer import KeptAnswer
from graph.caching.lineage import Stale
from graph.gateways.answer_cache.cache import StoredAnswers
from graph.gateways.answer_cache.given import GivenAnswers
from graph.gateways.answer_cache.served import Served
from graph.gateways.answer_cache.truth import AT_MOST
from graph.gateways.postgres import LazyPool
from graph.server.signals import Signals, happened
from graph.tally import Size, Tally
from kb_contract.errors import Unavailable
from kb_contract.named_queries import named_queries

log = structlog.get_logger(__name__)
SERVED: Final = "kb_served"
EVERY_SECONDS: Final = 15.0
PAGE: Final = 200

Warm = Callable[[KeptAnswer], Awaitable[None]]


@dataclass(frozen=True)
class Watched:
    """A cache whose figures are told: its counts, and what it holds now."""

    tally: Tally
    size: Callable[[], Size]


@dataclass(frozen=True)
class Limits:
    """How much may be kept, and how many answers are worked out anew beside the questions."""

    answers: int
    bytes: int
    warm: int = 0


@dataclass
class CacheRounds:
    """Brings kept answers up to what is served, forgets those that hold no more, and tells of both."""

    kept: StoredAnswers | None
    pool: LazyPool
    workspace: str
    limits: Limits
    watched: Mapping[str, Watched] = field(default_factory=dict[str, Watched])
    warm: Warm | None = None
    """Works an answer out anew; None: nobody does."""
    given: GivenAnswers = field(init=False)
    process: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")

    def __post_init__(self) -> None:
        self.given = GivenAnswers(self.pool, self.workspace)

    async def run(self, database_url: SecretStr) -> None:
        """Look when something else is served, and now and then, until cancelled."""
        changed = asyncio.Event()
        signals = Signals(database_url, [SERVED], lambda _channel, _what: changed.set())
        async with signals.listening():
            while True:
                try:
                    await self.round()
                except Unavailable as error:
                    log.warning("kept answers cannot be looked at", error=str(error)[:200])
                await happened(changed, within=EVERY_SECONDS)

    async def round(self) -> list[KeptAnswer]:
        """Look once; return the answers that held no more."""
        stale: list[KeptAnswer] = []
        served: Served | None = None
        if self.kept is not None:
            served = await self.kept.truth.served.now()
            stale = await self._brought_up(self.kept, served)
            await self._evict(self.kept)
        await self.given.look_through(served and served.generations)
        await self._rows("tell_stale_answers")
        await self._warm(stale)
        await self.tell_figures()
        return stale

    async def tell_figures(self) -> None:
        """Add what was counted to what all processes know."""
        for name, one in self.watched.items():
            counted, size = one.tally.taken(), one.size()
            values = {"cache": name, "process": self.process, **vars(counted), **size._asdict()}
            try:
                await self._rows("add_cache_figures", **values)
            except Unavailable:
                one.tally.give_back(counted)
                raise

    async def _brought_up(self, kept: StoredAnswers, served: Served) -> list[KeptAnswer]:
        """Page through the answers that hold for another generation, and through what lost its ground."""
        stale, after = list[KeptAnswer](), ""
        while page := await kept.rows.to_look_at(
            served.generations, kept.now(), after=after, limit=PAGE
        ):
            after = page[-1].entry_id
            for one in page:
                found = await kept.truth.of(one, served, at_most=AT_MOST)
                if isinstance(found, KeptAnswer):
                    await kept.carry(found)
                elif isinstance(found, Stale):
                    await kept.forget(one, found, served)
                    stale.append(one)
        for one in await kept.rows.without_ground():
            agent = one.citations[0]["agent_id"]
            await kept.forget(one, Stale("what it quotes was deleted", agent), served)
            stale.append(one)
        return stale

    async def _evict(self, kept: StoredAnswers) -> None:
        gone = await kept.rows.evict(
            kept.now(), most=self.limits.answers, most_bytes=self.limits.bytes
        )
        if kept.similar is not None:
            await kept.similar.forget(gone)
        await self._rows("forget_cache_history")

    async def _warm(self, stale: Sequence[KeptAnswer]) -> None:
        """Work the most wanted of them out anew, as long as nobody waits for anything else."""
        if self.warm is None or not self.limits.warm or not stale:
            return
        wanted = sorted((one for one in stale if one.hits), key=lambda one: -one.hits)
        for one in wanted[: self.limits.warm]:
            [queue] = await self._rows("runs_under_way")
            if queue["runs"]:
                return
            await self.warm(one)
            log.info("an answer was worked out anew", question=one.question[:200])

    async def _rows(self, name: str, **values: Any) -> list[dict[str, Any]]:
        statement = named_queries("caches")[name]
        return await self.pool.run(statement, {"workspace": self.workspace, **values})
