"""Results of tools that say themselves for how long they hold; every other call is made."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from cachetools import TLRUCache

from graph.caching.wishes import CacheWish
from graph.planning.tool_card import ToolCard
from graph.ports import ToolAnswer
from graph.tally import Size, Tally
from kb_contract.identifiers import sha256_json

MOST_CHARACTERS: Final = 8_000_000
_Key = tuple[str, str]
_ANY: Final = CacheWish()


@dataclass(frozen=True)
class _Kept:
    answer: ToolAnswer
    seconds: float
    at: float

    @property
    def size(self) -> int:
        return len(self.answer.text) + len(repr(self.answer.structured))


def _ends(_key: _Key, kept: _Kept, now: float) -> float:
    return now + kept.seconds


@dataclass
class ToolResults:
    """One process's; a key is all that the server said of the tool, and the very arguments."""

    clock: Callable[[], float] = time.monotonic
    most: int = MOST_CHARACTERS
    tally: Tally = field(default_factory=Tally, init=False)
    _kept: "TLRUCache[_Key, _Kept]" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._kept = TLRUCache(
            self.most, ttu=_ends, timer=self.clock, getsizeof=lambda one: one.size
        )

    def find(
        self, card: ToolCard, arguments: dict[str, Any], wish: CacheWish = _ANY
    ) -> ToolAnswer | None:
        if not _may_be_kept(card):
            return None
        found = self._kept.get(_key(card, arguments))
        if found is not None and not wish.takes(self.clock() - found.at):
            found = None
        self.tally.count(hit=found is not None)
        return found.answer if found else None

    def keep(
        self, card: ToolCard, arguments: dict[str, Any], answer: ToolAnswer, wish: CacheWish = _ANY
    ) -> ToolAnswer:
        """Keep a whole answer; a failure is never given again."""
        kept = _Kept(answer, card.cache_seconds, self.clock())
        wanted = wish.may_keep and _may_be_kept(card) and not answer.failed
        if wanted and kept.size <= self.most:
            self._kept[_key(card, arguments)] = kept
        return answer

    def size(self) -> Size:
        return Size(len(self._kept), int(self._kept.currsize))


def _may_be_kept(card: ToolCard) -> bool:
    return card.cache_seconds > 0 and not card.changes


def _key(card: ToolCard, arguments: dict[str, Any]) -> _Key:
    return card.fingerprint, sha256_json([card.name, arguments])
