"""How far a run is: told to a terminal at each step, said in Dagster's log now and then."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

SECONDS_BETWEEN: Final = 10.0


class Progress(Protocol):
    """Called with the agent, what is done, how much of it is done, and how much there is."""

    def __call__(self, agent: str, doing: str, done: int, total: int) -> None: ...


def nobody(agent: str, doing: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass
class WorkProgress:
    """Counts pieces for people, and what they weigh for the forecast: heavy ones may come first."""

    doing: str
    """As the log calls it."""
    pieces: str
    """What is counted: texts, files, points."""
    total: int
    weight: int
    """Of all of them: tokens, bytes, or as many as there are where they are alike."""
    tell: Callable[[int, int], None]
    """Done and all, at every step."""
    say: Callable[..., None]
    """A line with facts, every so many seconds."""
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    _weight_done: int = 0
    _began: float = field(init=False)
    _said: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._said = self.clock()

    def advance(self, pieces: int, weight: int, **more: Any) -> None:
        """So many more are done; what else is known goes into the line."""
        self.done += pieces
        self._weight_done += weight
        self.tell(self.done, self.total)
        now = self.clock()
        if now - self._said >= SECONDS_BETWEEN and self.done < self.total:
            self._said = now
            self.say(self.doing, **self._facts(now), **more)

    @property
    def seconds(self) -> float:
        return self.clock() - self._began

    def _facts(self, now: float) -> dict[str, Any]:
        passed = now - self._began
        left = passed / max(1, self._weight_done) * (self.weight - self._weight_done)
        return {
            "done": self.done,
            "total": self.total,
            f"{self.pieces}_per_second": round(self.done / passed, 1),
            "minutes_left": round(left / 60, 1),
        }
