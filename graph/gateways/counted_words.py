"""How often words stand in what is live, and its names for one thing, read once per generation."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from kb_contract.own_words import NO_OWN_WORDS, OwnWords
from kb_contract.term_counts import PackedCounts

REMEMBERED: Final = 64
Rows = Callable[[str, Mapping[str, Any]], Awaitable[list[dict[str, Any]]]]


class Counted(NamedTuple):
    """What a generation was counted for."""

    words: PackedCounts
    names: OwnWords


_NOTHING: Final = Counted(PackedCounts(0, b""), NO_OWN_WORDS)


@dataclass
class CountedWords:
    """Remembers what it read: a generation changes only where somebody deletes chunks of it."""

    rows: Rows
    _known: OrderedDict[tuple[str, int, int], Counted] = field(
        default_factory=OrderedDict[tuple[str, int, int], Counted], init=False
    )

    async def of(self, agent_id: str, generation: int, chunks: int) -> Counted:
        """Return the counts of a generation of so many chunks; empty ones where it was not counted yet."""
        key = (agent_id, generation, chunks)
        if key not in self._known:
            values = {"agent": agent_id, "generation": generation}
            found = await self.rows("term_counts", values)
            if not found:  # it is asked again: what a deletion took is counted anew in a moment
                return _NOTHING
            self._known[key] = _read(found[0])
        self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return self._known[key]


def _read(row: Mapping[str, Any]) -> Counted:
    return Counted(
        PackedCounts(row["chunks"], bytes(row["packed"])), OwnWords.kept(row["names"] or [])
    )
