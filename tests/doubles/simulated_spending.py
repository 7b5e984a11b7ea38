"""A week of processes that ask a provider and die, on a clock of their own: what is billed, and what was seen of it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

LANES: Final = 4
IN_PRICE, OUT_PRICE = 1e-6, 4e-6
MOST_TOKENS: Final = 2000
# The provider's tokens are smaller than those that we count by.
COUNTS_SO: Final = 1.13
FIRST_TOKEN: Final = 0.4
_TOKENS_A_SECOND: Final = 60


@dataclass(frozen=True)
class Asked:
    """A request, and what the provider would bill for all of it."""

    agent: str
    counted: int
    prompt: int
    completion: int
    begins: float
    sent: float
    ends: float
    outcome: str
    died: float | None = None
    """When its process did."""

    @property
    def dollars(self) -> float:
        return self.prompt * IN_PRICE + self.completion * OUT_PRICE

    def billed(self, *, stops_unread: bool) -> float:
        """Say what is on the provider's bill."""
        if self.died is None:
            return self.dollars
        if self.died < self.sent:
            return 0.0
        writing = self.ends - self.sent - FIRST_TOKEN
        written = (self.died - self.sent - FIRST_TOKEN) / writing if writing > 0 else 1.0
        share = min(max(written, 0.0), 1.0) if stops_unread else 1.0
        return self.prompt * IN_PRICE + share * self.completion * OUT_PRICE


def spending(seed: int, requests: int, seconds_between_deaths: float) -> list[Asked]:
    """Return so many requests in the order in which their money is held."""
    dice = random.Random(seed)
    free, dies = [0.0] * LANES, dice.expovariate(1 / seconds_between_deaths)
    made: list[Asked] = []
    while len(made) < requests:
        lane = min(range(LANES), key=free.__getitem__)
        if free[lane] >= dies:
            dies = free[lane] + dice.expovariate(1 / seconds_between_deaths)
        one = _asked(dice, free[lane])
        if one.ends > dies:
            one = replace(one, died=dies)
        made.append(one)
        free[lane] = min(one.ends, dies)
    return list(_in_order(made))


def _in_order(made: list[Asked]) -> Iterator[Asked]:
    yield from sorted(made, key=lambda one: one.begins)


def _asked(dice: random.Random, begins: float) -> Asked:
    agent, counted, usual = dice.choice((("terse", 300, 60), ("wordy", 1800, 480)))
    counted = max(50, round(dice.gauss(counted, counted / 5)))
    completion = max(5, round(dice.gauss(usual, usual / 3)))
    sent = begins + dice.uniform(0.0, 0.2)
    luck = dice.random()
    if luck < 0.12:
        ends = sent + (dice.uniform(2, 8) if luck < 0.03 else dice.uniform(0.02, 0.2))
        return Asked(agent, counted, 0, 0, begins, sent, ends, "failed")
    if luck < 0.17:
        completion = 3
    ends = sent + FIRST_TOKEN + completion / _TOKENS_A_SECOND * dice.uniform(0.7, 1.4)
    outcome = "unusable" if luck < 0.17 else "answered"
    return Asked(
        agent, counted, round(counted * COUNTS_SO), completion, begins, sent, ends, outcome
    )
