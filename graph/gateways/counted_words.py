"""How often words stand in what is live, read once per generation."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kb_contract.term_counts import PackedCounts

REMEMBERED: Final = 64
Rows = Callable[[str, Mapping[str, Any]], Awaitable[list[dict[str, Any]]]]


@dataclass
class CountedWords:
    """Remembers what it read: a generation never changes."""

    rows: Rows
    _known: OrderedDict[tuple[str, int], PackedCounts] = field(
        default_factory=OrderedDict[tuple[str, int], PackedCounts], init=False
    )

    async def of(self, agent_id: str, generation: int) -> PackedCounts:
        """Return the counts of a generation; empty ones where it was never counted."""
        key = (agent_id, generation)
        if key not in self._known:
            values = {"agent": agent_id, "generation": generation}
            found = await self.rows("term_counts", values)
            counts = [PackedCounts(row["chunks"], bytes(row["packed"])) for row in found]
            self._known[key] = counts[0] if counts else PackedCounts(0, b"")
        self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return self._known[key]
