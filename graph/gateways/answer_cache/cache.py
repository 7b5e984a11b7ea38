"""The answer cache: memory, then Postgres, then questions that are worded otherwise."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from cachetools import LRUCache

from graph.caching.flights import Flights
from graph.caching.kept_answer import Asking, Hit, HitKind, KeptAnswer, Looked
from graph.caching.lineage import Stale
from graph.caching.sameness import same_question
from graph.caching.what_is_kept import may_be_looked_up
from graph.caching.wording import as_written
from graph.classification.language import UNSURE, language_of
from graph.gateways.answer_cache.rows import KeptRows, Place
from graph.gateways.answer_cache.served import Served
from graph.gateways.answer_cache.similar import SimilarQuestions
from graph.gateways.answer_cache.truth import AT_ONCE, Truth
from graph.ports import QueryEmbedder
from graph.tally import Size, Tally
from kb_contract.errors import BadInput, Unavailable
from kb_contract.identifiers import sha256_json

log = structlog.get_logger(__name__)
FORM: Final = 1
"""Of what is kept; raised when an older entry must not be read any more."""


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)  # noqa: TID251 - the clock that others take as a parameter


@dataclass
class Memory:
    """The entries that this process used last; each is looked at again before it is given."""

    most_bytes: int
    _kept: LRUCache[Place, KeptAnswer] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._kept = LRUCache(max(1, self.most_bytes), getsizeof=lambda one: one.size)

    def get(self, place: Place) -> KeptAnswer | None:
        return self._kept.get(place)

    def keep(self, place: Place, kept: KeptAnswer) -> None:
        if kept.size <= self._kept.maxsize:
            self._kept[place] = kept

    def forget(self, place: Place) -> None:
        self._kept.pop(place, None)

    def size(self) -> Size:
        return Size(len(self._kept), int(self._kept.currsize))


@dataclass
class StoredAnswers:
    """The real `AnswerCache`."""

    rows: KeptRows
    truth: Truth
    embedder: QueryEmbedder
    rules: Mapping[str, Any]
    """Everything else that an answer depends on: models, planner, policies."""
    flights: Flights
    memory: Memory
    similar: SimilarQuestions | None = None
    now: Callable[[], datetime] = utc_now
    tallies: Mapping[str, Tally] = field(
        default_factory=lambda: {
            "answers": Tally(),
            "answers_in_memory": Tally(),
            "similar": Tally(),
        }
    )

    @property
    def sizes(self) -> Mapping[str, Callable[[], Size]]:
        """What each of them holds in this process; what all share is counted in the database."""
        return {
            "answers": lambda: Size(0),
            "answers_in_memory": self.memory.size,
            "similar": lambda: Size(0),
        }

    async def find(self, asking: Asking) -> Looked:
        if not asking.alone or not may_be_looked_up(asking.question):
            return Looked()
        try:
            return await self._find(asking)
        except (Unavailable, BadInput) as error:  # the model of questions may be a provider's
            log.warning("no answer is looked for", error=str(error)[:200])
            return Looked()

    async def keep(self, asking: Asking, found: KeptAnswer) -> None:
        try:
            # What was published meanwhile is not in it.
            if (await self.truth.served.now()).for_answer(found) != found.agents:
                return
            place = self._place(asking)
            turn = await self._next_turn(found)
            if turn is not None and turn < found.expires_at:
                found = replace(found, expires_at=turn)
            replaced = await self.rows.keep(place, found)
            self.memory.keep(place, found)
            if self.similar is not None:
                await self.similar.forget([replaced] if replaced else [])
                [read] = await self.embedder.read([found.question])
                await self.similar.keep(found.entry_id, place.scope, read.vector)
        except (Unavailable, BadInput) as error:  # the model of questions may be a provider's
            log.warning("an answer is not kept", error=str(error)[:200])

    async def carry(self, found: KeptAnswer) -> KeptAnswer:
        """Write down that an answer holds for what is served now, and until when."""
        return await self.rows.carry(found, await self._next_turn(found))

    def let_go(self, answer_id: str) -> None:
        self.flights.end(answer_id)

    async def forget(self, kept: KeptAnswer, stale: Stale, served: Served) -> None:
        """Forget an answer that holds no more."""
        number = served.numbers.get(served.generations.get(stale.agent_id, 0))
        await self.rows.forget_stale(kept, stale, number)
        if self.similar is not None:
            await self.similar.forget([kept.entry_id])
        log.info("an answer holds no more", answer_id=kept.entry_id, why=stale.why)

    async def _find(self, asking: Asking) -> Looked:
        served = await self.truth.served.now()
        if asking.wish.may_read:
            hit = await self._known(asking, served)
            waits = hit is None and not asking.wish.only_kept
            if waits and await self.flights.joined(self._flight(asking), asking.answer_id):
                served = await self.truth.served.now()
                hit = await self._known(asking, served)
            self._count(hit)
            if hit is not None:
                return Looked(hit)
        return Looked(None, served.for_agent(asking.agent))

    async def _known(self, asking: Asking, served: Served) -> Hit | None:
        place = self._place(asking)
        remembered = self.memory.get(place)
        self.tallies["answers_in_memory"].count(hit=remembered is not None)
        if remembered is not None and (hit := await self._of(remembered, asking, served, place)):
            return hit
        # Another process may have kept a newer one.
        kept = await self.rows.exact(place, self.now())
        if kept is not None and (hit := await self._of(kept, asking, served, place)):
            return hit
        self.memory.forget(place)
        return await self._worded_otherwise(asking, served, place)

    async def _of(
        self, kept: KeptAnswer, asking: Asking, served: Served, place: Place
    ) -> Hit | None:
        same = as_written(kept.question) == as_written(asking.question)
        hit = await self._holding(kept, "exact" if same else "similar", asking, served)
        if hit is not None:
            self.memory.keep(place, hit.kept)
        return hit

    async def _worded_otherwise(self, asking: Asking, served: Served, place: Place) -> Hit | None:
        if self.similar is None:
            return None
        [read] = await self.embedder.read([asking.question])
        near = await self.similar.near(place.scope, read.vector)
        known = {one.entry_id: one for one in await self.rows.some(place.scope, near, self.now())}
        # Their answers were taken back or are too old; left there, they would hide others.
        await self.similar.forget([one for one in near if one not in known])
        for kept in (known[one] for one in near if one in known):
            if same_question(asking.question, kept.question):
                hit = await self._holding(kept, "similar", asking, served)
                if hit is not None:
                    self.memory.keep(place, hit.kept)  # these words are known from now on
                return hit
        return None

    async def _holding(
        self, kept: KeptAnswer, kind: HitKind, asking: Asking, served: Served
    ) -> Hit | None:
        """Return the answer with its citations as they stand now, if all of it holds."""
        now, wanted = self.now(), asking.wish.max_age
        age = max(0.0, (now - kept.created_at).total_seconds())
        if kept.expires_at <= now or (wanted is not None and age > wanted):
            return None
        if kept.agents != served.for_answer(kept):
            found = await self.truth.of(kept, served, at_most=AT_ONCE)
            if isinstance(found, Stale):
                await self.forget(kept, found, served)
            if not isinstance(found, KeptAnswer):
                return None
            kept = await self.carry(found)
        citations = await self.truth.served.cited(kept, now)
        if citations is None:
            # A swap may have come between the two looks; then nothing is known to be wrong.
            if (await self.truth.served.now()).generations == served.generations:
                agent = kept.citations[0]["agent_id"]
                await self.forget(
                    kept, Stale("a quote does not stand there any more", agent), served
                )
            return None
        return Hit(kept, kind, citations, age) if await self.rows.used(kept) else None

    async def _next_turn(self, found: KeptAnswer) -> datetime | None:
        return await self.truth.served.next_turn(list(found.agents.values()), self.now())

    def _count(self, hit: Hit | None) -> None:
        self.tallies["answers"].count(hit=hit is not None)
        self.tallies["similar"].count(hit=hit is not None and hit.kind == "similar")
        if hit is not None:
            costs = hit.kept.costs
            self.tallies["answers"].saved(cost=costs.dollars, seconds=costs.seconds)

    def _place(self, asking: Asking) -> Place:
        return place_of(asking, self.rows.workspace, self.rules)

    def _flight(self, asking: Asking) -> str:
        place = self._place(asking)
        return f"{place.scope} {place.words}"


def place_of(asking: Asking, workspace: str, rules: Mapping[str, Any]) -> Place:
    """Say where an answer is looked for: nobody with other rights, or of another tenant, looks there."""
    said = as_written(asking.question)
    may_ask = None if asking.may_ask is None else sorted(asking.may_ask)
    who = [workspace, sorted(asking.groups), may_ask, asking.agent, _language(said)]
    return Place(sha256_json([FORM, who, dict(rules)]), sha256_json(said))


def _language(question: str) -> str:
    """A few words may be of several languages; in which case they are compared as English ones."""
    said = language_of(question)
    return "en" if said == UNSURE else said


def monotonic_flights(patience: float) -> Flights:
    """Make flights of this process's clock."""
    return Flights(patience, time.monotonic)
