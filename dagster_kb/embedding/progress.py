"""How far embedding is, said now and then: for Dagster's page and for a terminal."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

SECONDS_BETWEEN: Final = 10.0


@dataclass
class EmbeddingProgress:
    """Counts texts for people and tokens for the forecast: long texts come first."""

    texts: int
    tokens: int
    tell: Callable[[int, int], None]
    """Done and all, after every batch."""
    say: Callable[..., None]
    """A line with facts, every so many seconds."""
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    _tokens_done: int = 0
    _began: float = field(init=False)
    _said: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._said = self.clock()

    def advance(self, texts: int, tokens: int) -> None:
        """So many more are kept."""
        self.done += texts
        self._tokens_done += tokens
        self.tell(self.done, self.texts)
        now = self.clock()
        if now - self._said >= SECONDS_BETWEEN and self.done < self.texts:
            self._said = now
            self.say("embedding", **self._facts(now))

    @property
    def seconds(self) -> float:
        return self.clock() - self._began

    def _facts(self, now: float) -> dict[str, Any]:
        passed = now - self._began
        left = passed / max(1, self._tokens_done) * (self.tokens - self._tokens_done)
        return {
            "done": self.done,
            "total": self.texts,
            "texts_per_second": round(self.done / passed, 1),
            "minutes_left": round(left / 60, 1),
        }
