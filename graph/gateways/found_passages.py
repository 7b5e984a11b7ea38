"""Passages that were found before, given again while the ledger says that all of it is still so."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from cachetools import TTLCache

from graph.caller import current_caller
from graph.gateways.asked_caching import asked_caching
from graph.gateways.asked_selection import asked_selection
from graph.gateways.asked_time import asked_as_of
from graph.gateways.past_knowledge import AnyTimeReader
from graph.gateways.postgres import LazyPool
from graph.retrieval.rights import Rights
from graph.state import Passage
from graph.tally import Size, Tally
from kb_contract.identifiers import sha256_json
from kb_contract.named_queries import named_queries

MOST: Final = 512
SECONDS: Final = 60.0
"""A document may begin to hold at any moment, and nobody publishes it then."""
Search = Callable[[], Awaitable[list[Passage]]]


@dataclass(frozen=True)
class _Found:
    generation: int
    passages: list[Passage]
    at: float


def _bounded() -> "TTLCache[str, _Found]":
    return TTLCache(MOST, SECONDS)


@dataclass
class FoundPassages:
    """Keyed by agent, live generation, question, filters and the caller's groups."""

    pool: LazyPool
    workspace: str
    tally: Tally = field(default_factory=Tally, init=False)
    _known: "TTLCache[str, _Found]" = field(default_factory=_bounded, init=False, repr=False)

    async def search(
        self, agent_id: str, asked: Mapping[str, Any], rights: Rights, search: Search
    ) -> list[Passage]:
        """Give what was found before, or what `search` finds now."""
        wish, now = asked_caching(), self._known.timer
        key = sha256_json([agent_id, sorted(rights.groups), sorted(asked.items())])
        known = self._known.get(key)
        if known is not None and not wish.takes(now() - known.at):
            known = None
        still = known is not None and await self._still(agent_id, known, rights)
        self.tally.count(hit=still)
        if known is not None and still:
            return [Passage(**one) for one in known.passages]
        found = await search()
        generations = {one["generation"] for one in found}
        if len(generations) == 1 and wish.may_keep:
            kept = [Passage(**one) for one in found]
            self._known[key] = _Found(generations.pop(), kept, now())
        return found

    def size(self) -> Size:
        return Size(len(self._known))

    async def _still(self, agent_id: str, known: _Found, rights: Rights) -> bool:
        """Whether that generation is live, and every passage of it is there for this caller."""
        ids = list({UUID(one["chunk_id"]) for one in known.passages})
        values = {"workspace": self.workspace, "agent": agent_id, "generation": known.generation,
                  "ids": ids, **rights.values()}  # fmt: skip
        [row] = await self.pool.rows(named_queries("caches")["still_there"], values)
        return row["there"] == len(ids)


@dataclass
class RememberingReader(AnyTimeReader):
    """Finds again at once what was found a moment ago; the past is found anew."""

    found: FoundPassages | None = None

    async def search(self, agent_id: str, question: str, **how: Any) -> list[Passage]:
        def search() -> Awaitable[list[Passage]]:
            return super(RememberingReader, self).search(agent_id, question, **how)

        # Whoever may not ask this agent is refused by the search, whatever others found before.
        mine = current_caller().may_ask(agent_id)
        if self.found is None or not mine or asked_as_of():
            return await search()
        said = {name: _plain(one) for name, one in how.items() if one is not None}
        words = {"question": " ".join(question.split()), "selection": repr(asked_selection())}
        asked = {**said, **words}
        rights = Rights(self.live.caller(), self.live.now())
        return await self.found.search(agent_id, asked, rights, search)


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else repr(value)
