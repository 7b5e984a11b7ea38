"""Which models can be asked now: one breaker for each, and the share of second requests, for a process."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from kb_contract.chat_models.breaker import Breaker, BreakerChange, BreakerRules, Turn
from kb_contract.chat_models.profiles import Deployment, Profile, Role
from kb_contract.chat_models.retry_budget import RetryBudget

log = structlog.get_logger(__name__)
Choice = tuple[Role, Deployment]


@dataclass(frozen=True)
class Admitted:
    """Whom to ask, and the word that it may be asked now."""

    choice: Choice
    turn: Turn


def _told_nobody(_change: BreakerChange) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Switchboard:
    """Shared by every call of a process."""

    profile: Profile
    tell: Callable[[BreakerChange], None] = _told_nobody
    clock: Callable[[], float] = time.monotonic
    rules: BreakerRules = field(default_factory=BreakerRules)
    retries: RetryBudget = field(default_factory=RetryBudget)
    repairs: RetryBudget = field(
        default_factory=lambda: RetryBudget(share=0.5, most=10.0, saved=10.0)
    )
    """A model that works but needs to mend much is no outage; one that never writes what is asked for is."""
    whole_only: set[str] = field(default_factory=set[str], init=False)
    """Models that were seen not to answer piece by piece."""
    _breakers: dict[str, Breaker] = field(default_factory=dict[str, Breaker], init=False)
    _beside: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]], init=False)

    @property
    def has_several(self) -> bool:
        """Whether there is anybody else to ask when the first fails."""
        return self.profile.fallback is not None or self.profile.emergency is not None

    def breaker(self, deployment: Deployment) -> Breaker:
        place = deployment.place
        if place not in self._breakers:
            self._breakers[place] = Breaker(place, self.clock, self.rules, self.tell)
        return self._breakers[place]

    def first_admitted(self, choices: Sequence[Choice]) -> Admitted | None:
        """Return the first that may be asked; it is counted as asked."""
        for one in choices:
            turn = self.breaker(one[1]).admit()
            if turn is not None:
                return Admitted(one, turn)
        return None

    def shortest_wait(self, choices: Sequence[Choice]) -> float:
        return min((self.breaker(one).waits() for _, one in choices), default=float("inf"))

    def numbers(self) -> list[dict[str, object]]:
        """Say of every model of the profile how it is."""
        return [self.breaker(one).numbers() for one in self.profile.deployments()]

    def beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do what nobody has to wait for; `finished` waits for it."""
        task = asyncio.ensure_future(_told_if_it_fails(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    async def finished(self) -> None:
        """Wait for what is done beside."""
        await asyncio.gather(*self._beside)


async def _told_if_it_fails(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - nobody waits for it; an open row is settled as lost later
        log.warning("not written down", error=repr(error)[:300])
