"""How often a cache knew, and what it holds: counted where it happens, added up elsewhere."""

from dataclasses import dataclass
from typing import NamedTuple


class Size(NamedTuple):
    """What a cache holds."""

    entries: int
    bytes: int = 0


@dataclass
class Tally:
    """Counts since they were taken last."""

    hits: int = 0
    misses: int = 0
    saved_cost: float = 0.0
    saved_seconds: float = 0.0

    def count(self, *, hit: bool) -> None:
        if hit:
            self.hits += 1
        else:
            self.misses += 1

    def saved(self, *, cost: float, seconds: float) -> None:
        self.saved_cost += cost
        self.saved_seconds += seconds

    def taken(self) -> "Tally":
        """Give what was counted, and begin anew."""
        counted = Tally(self.hits, self.misses, self.saved_cost, self.saved_seconds)
        self.hits = self.misses = 0
        self.saved_cost = self.saved_seconds = 0.0
        return counted

    def give_back(self, counted: "Tally") -> None:
        """Count again what could not be written down."""
        self.hits += counted.hits
        self.misses += counted.misses
        self.saved(cost=counted.saved_cost, seconds=counted.saved_seconds)
