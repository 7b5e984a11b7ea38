"""Brings a kept answer up to what is served now, or says why it holds no more."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from cachetools import LRUCache

from graph.caching.changes import Change
from graph.caching.kept_answer import KeptAnswer
from graph.caching.lineage import Rows, Stale, Vectors, competing, read_after, texts_of
from graph.gateways.answer_cache.served import Served, ServedKnowledge
from graph.ports import QueryEmbedder

AT_ONCE: Final = 48
"""Sentences that came or went which a question waits for; more are looked at beside the questions."""
AT_MOST: Final = 600
"""Of more sentences nobody tells which answers they change: all that depend on the agent go."""
REMEMBERED: Final = 4_096
_BATCH: Final = 16


def _remembered() -> LRUCache[str, Rows]:
    return LRUCache(maxsize=REMEMBERED)


@dataclass
class Truth:
    """Reads changes, and compares what came with what an answer quotes."""

    served: ServedKnowledge
    embedder: QueryEmbedder
    _meanings: LRUCache[str, Rows] = field(default_factory=_remembered, init=False, repr=False)

    async def of(
        self, kept: KeptAnswer, served: Served, *, at_most: int
    ) -> KeptAnswer | Stale | None:
        """Return the answer as it holds now, or why not; None when that takes longer than there is."""
        now = served.for_answer(kept)
        for agent in set(kept.agents) - set(now):
            if kept.cites(agent) or kept.was_asked(agent):
                return Stale(f"{agent} is served no longer", agent)
        kept = replace(kept, agents={a: g for a, g in kept.agents.items() if a in now})
        for agent, generation in now.items():
            old = kept.agents.get(agent)
            if old != generation:
                change = await self.served.change(agent, old, generation, kept.groups)
                read = await self._after(kept, change, at_most)
                if not isinstance(read, KeptAnswer):
                    return read
                kept = read
        return kept

    async def _after(
        self, kept: KeptAnswer, change: Change, at_most: int
    ) -> KeptAnswer | Stale | None:
        read = read_after(kept, change)
        if isinstance(read, Stale) or not change.fresh:
            return read
        texts = [one.text for one in (*change.fresh, *change.faded)]
        if len(texts) > at_most:
            much = Stale(f"{change.agent_id} says too much that is new", change.agent_id)
            return much if at_most >= AT_MOST else None
        vectors = await self._vectors([*texts, *texts_of(kept)])
        return competing(read, change, vectors) or read

    async def _vectors(self, texts: Iterable[str]) -> Vectors:
        found = {one: self._meanings[one] for one in texts if one in self._meanings}
        missing = [one for one in dict.fromkeys(texts) if one not in found]
        # Small batches: questions that are asked meanwhile need the same model.
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            for text, vector in zip(batch, await self.embedder.embed(batch), strict=True):
                found[text] = self._meanings[text] = np.asarray(vector, dtype=np.float32)
        return Vectors(found)
