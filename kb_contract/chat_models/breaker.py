"""Stops asking a model that fails or is slow, and tries it again with one call at a time."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

PROBE_LOOK: Final = 0.25
"""While one call probes, the others may look again so soon."""
BreakerState = Literal["closed", "open", "half_open"]


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


@dataclass
class Breaker:
    """One per model of a provider. Every admitted call ends with one of the three words below."""

    model: str
    clock: Callable[[], float]
    rules: BreakerRules = field(default_factory=BreakerRules)
    tell: Callable[[BreakerChange], None] = lambda _: None
    state: BreakerState = field(default="closed", init=False)
    why: str = field(default="", init=False)
    until: float = field(default=0.0, init=False)
    counts: dict[str, int] = field(default_factory=dict[str, int], init=False)
    seconds: float = field(default=0.0, init=False)
    _opened: int = field(default=0, init=False)
    _probing: bool = field(default=False, init=False)
    _last: deque[tuple[float, str]] = field(default_factory=deque[tuple[float, str]], init=False)

    def waits(self) -> float:
        """Seconds until it may be asked; 0: now."""
        if self.state == "half_open":
            return PROBE_LOOK if self._probing else 0.0
        return max(0.0, self.until - self.clock()) if self.state == "open" else 0.0

    def admit(self) -> bool:
        """Whether a call may go now; the first one after a rest is the probe."""
        if self.waits() > 0:
            return False
        if self.state == "open":
            self._change("half_open", self.why)
        self._probing = self.state == "half_open"
        return True

    def answered(self, seconds: float, *, slow: bool) -> None:
        """An answer came; a slow one counts against it."""
        self._note("slow" if slow else "answered", seconds)
        probed, self._probing = self._probing, False
        if self.state != "closed" and probed and not slow:
            self._opened = 0
            self._last.clear()
            self._change("closed", "it answers again")
        elif probed or (self.state == "closed" and self._too_many("slow", self.rules.slow)):
            self._open("it is slow", None)

    def failed(self, why: str, seconds: float, *, rest: float | None = None) -> None:
        """It failed; with `rest` it must not be asked for so long, whatever it did before."""
        self._note("failed", seconds)
        probed, self._probing = self._probing, False
        # Calls that were under way when it opened say nothing new.
        news = self.state == "closed" and self._too_many("failed", self.rules.failures)
        if rest is not None or probed or news:
            self._open(why, rest)

    def left_alone(self) -> None:
        """The call was given up by us, so nothing is known of the model."""
        self._probing = False

    def numbers(self) -> dict[str, object]:
        """What health and metrics show."""
        state = {"model": self.model, "state": self.state, "why": self.why}
        waits = {"waits_seconds": round(self.waits(), 1), "seconds": round(self.seconds, 3)}
        return {**state, **waits, "calls": dict(self.counts)}

    def _note(self, what: str, seconds: float) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
        self.seconds += seconds
        now = self.clock()
        self._last.append((now, what))
        while (
            len(self._last) > self.rules.window
            or now - self._last[0][0] > self.rules.window_seconds
        ):
            self._last.popleft()

    def _too_many(self, what: str, most: int) -> bool:
        found = sum(one == what for _, one in self._last)
        return found >= most and 2 * found >= len(self._last)

    def _open(self, why: str, rest: float | None) -> None:
        longer = self.rules.rest * 2**self._opened
        seconds = min(longer if rest is None else rest, self.rules.longest_rest)
        self._opened = min(self._opened + 1, 10)
        self.until = self.clock() + seconds
        self._change("open", why, seconds)

    def _change(self, state: BreakerState, why: str, rest: float = 0.0) -> None:
        self.state, self.why = state, "" if state == "closed" else why
        self.tell(BreakerChange(self.model, state, why, rest))
