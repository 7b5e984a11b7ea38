"""Stops asking a model that fails or is slow, and tries it again with one call at a time."""

import os
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from kb_contract.chat_models.failures import ProviderFailure

PROBE_LOOK: Final = 0.25
"""While one call probes, the others may look again so soon."""
BreakerState = Literal["closed", "open", "half_open"]
# Of calls that are told to wait at the same time, each says so a moment later: only more than that is news.
_NEWS: Final = 1.0


@dataclass(frozen=True)
class BreakerRules:
    """When it opens, and for how long."""

    failures: int = 3
    """So many failures of the last calls, and at least half of them: it opens."""
    slow: int = 5
    """So many slow calls of the last ones, and at least half of them: it opens."""
    window: int = 20
    window_seconds: float = 120.0
    rest: float = 30.0
    longest_rest: float = 600.0


@dataclass(frozen=True)
class BreakerChange:
    """What is told when it opens, tries again, or closes."""

    model: str
    state: BreakerState
    why: str
    rest: float = 0.0


def state_row(change: BreakerChange) -> dict[str, Any]:
    """Say it as `keep_model_state` writes it: the last word of this process of that model."""
    return {
        "model": change.model,
        "process": f"{socket.gethostname()}:{os.getpid()}",
        "state": change.state,
        "why": change.why[:300],
        "rest": change.rest,
    }


@dataclass(frozen=True, eq=False)
class Turn:
    """A call that was admitted; it ends with one of the words below."""

    breaker: "Breaker"

    def answered(self, seconds: float, *, slow: bool) -> None:
        """An answer came; a slow one counts against the model."""
        self.breaker.answered(self, seconds, slow=slow)

    def ended_in(self, failure: ProviderFailure, seconds: float) -> None:
        """It failed; what lies at the question says nothing of the model."""
        if not failure.counts:
            self.left_alone()
        elif failure.rest is not None and failure.kind != "refused_us":
            self.told_to_wait(failure.what, seconds, failure.rest, busy=failure.kind == "busy")
        else:
            self.failed(failure.what, seconds, rest=failure.rest)

    def failed(self, why: str, seconds: float, *, rest: float | None = None) -> None:
        """It failed; with `rest` the model must not be asked for so long, whatever it did before."""
        self.breaker.failed(self, why, seconds, rest=rest)

    def told_to_wait(self, why: str, seconds: float, wait: float, *, busy: bool) -> None:
        """It says when to ask again, and then all may; who is only busy did not fail."""
        self.breaker.told_to_wait(self, why, seconds, wait, busy=busy)

    def left_alone(self) -> None:
        """It was given up by us, so nothing is known of the model."""
        self.breaker.left_alone(self)


@dataclass
class Breaker:
    """One per model of a provider. Once it failed, only the call that probes decides what becomes of it."""

    model: str
    clock: Callable[[], float]
    rules: BreakerRules = field(default_factory=BreakerRules)
    tell: Callable[[BreakerChange], None] = lambda _: None
    state: BreakerState = field(default="closed", init=False)
    why: str = field(default="", init=False)
    until: float = field(default=0.0, init=False)
    counts: dict[str, int] = field(default_factory=dict[str, int], init=False)
    seconds: float = field(default=0.0, init=False)
    _tripped: bool = field(default=False, init=False)
    """Whether it failed, so that one call tries it out first; it may also rest because it was told to."""
    _trips: int = field(default=0, init=False)
    _probe: Turn | None = field(default=None, init=False)
    _last: deque[tuple[float, str]] = field(default_factory=deque[tuple[float, str]], init=False)

    def waits(self) -> float:
        """Seconds until it may be asked; 0: now."""
        if self.state == "half_open":
            return PROBE_LOOK if self._probe else 0.0
        return max(0.0, self.until - self.clock()) if self.state == "open" else 0.0

    def admit(self) -> Turn | None:
        """Let a call go now, or not; the first one after a failure's rest is the probe."""
        if self.waits() > 0:
            return None
        if self.state == "open":
            self._change("half_open" if self._tripped else "closed", self.why)
        if self.state == "closed":
            return Turn(self)
        if self._probe is None:
            self._probe = Turn(self)
            return self._probe
        return None

    def answered(self, turn: Turn, seconds: float, *, slow: bool) -> None:
        self._note("slow" if slow else "answered", seconds)
        probed = self._was_probe(turn)
        if probed and not slow:
            self._tripped, self._trips = False, 0
            self._last.clear()
            # Another call may have been told to wait meanwhile, and that still holds.
            if self.state == "half_open":
                self._change("closed", "it answers again")
        elif probed or (not self._tripped and self._too_many("slow", self.rules.slow)):
            self._trip("it is slow", None)

    def failed(self, turn: Turn, why: str, seconds: float, *, rest: float | None = None) -> None:
        self._note("failed", seconds)
        probed = self._was_probe(turn)
        if probed or (not self._tripped and (rest is not None or self._fails())):
            self._trip(why, rest)
        elif rest is not None and self.state == "open":
            # Calls that were under way when it opened say nothing new, but for a longer rest.
            self._rest(why, rest)

    def told_to_wait(
        self, turn: Turn, why: str, seconds: float, wait: float, *, busy: bool
    ) -> None:
        if busy:
            self._count("busy", seconds)
            self._was_probe(turn)
        else:
            self.failed(turn, why, seconds)
        if wait > 0:
            self._rest(why, wait)

    def left_alone(self, turn: Turn) -> None:
        self._was_probe(turn)

    def numbers(self) -> dict[str, object]:
        """What health and metrics show."""
        state = {"model": self.model, "state": self.state, "why": self.why}
        waits = {"waits_seconds": round(self.waits(), 1), "seconds": round(self.seconds, 3)}
        return {**state, **waits, "calls": dict(self.counts)}

    def _was_probe(self, turn: Turn) -> bool:
        """Whether it was the one that probes; calls that are under way since before say nothing of now."""
        was = turn is self._probe
        if was:
            self._probe = None
        return was

    def _note(self, what: str, seconds: float) -> None:
        self._count(what, seconds)
        now = self.clock()
        self._last.append((now, what))
        while (
            len(self._last) > self.rules.window
            or now - self._last[0][0] > self.rules.window_seconds
        ):
            self._last.popleft()

    def _count(self, what: str, seconds: float) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
        self.seconds += seconds

    def _fails(self) -> bool:
        return self._too_many("failed", self.rules.failures)

    def _too_many(self, what: str, most: int) -> bool:
        found = sum(one == what for _, one in self._last)
        return found >= most and 2 * found >= len(self._last)

    def _trip(self, why: str, rest: float | None) -> None:
        longer = self.rules.rest * 2**self._trips
        self._tripped, self._trips = True, min(self._trips + 1, 10)
        self._rest(why, longer if rest is None else rest)

    def _rest(self, why: str, seconds: float) -> None:
        until = self.clock() + min(seconds, self.rules.longest_rest)
        news = self.state != "open" or until >= self.until + _NEWS
        self.until = max(self.until, until)
        if news:
            self._change("open", why, self.until - self.clock())

    def _change(self, state: BreakerState, why: str, rest: float = 0.0) -> None:
        self.state, self.why = state, "" if state == "closed" else why
        self.tell(BreakerChange(self.model, state, why, rest))
