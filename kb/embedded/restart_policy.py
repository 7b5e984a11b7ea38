"""How soon, and how often, a part that ended is started again."""

from collections import deque
from dataclasses import dataclass, field

FIRST_DELAY = 0.5
LONGEST_DELAY = 15.0
STEADY_AFTER = 60.0


@dataclass
class RestartPolicy:
    """Half a second, doubling; at most so many times in a while, and fewer if it never worked."""

    limit: int = 10
    window: float = 300.0
    limit_before_first_health: int = 5
    _ends: deque[float] = field(default_factory=deque[float], init=False)
    _in_a_row: int = field(default=0, init=False)
    _was_healthy: bool = field(default=False, init=False)
    _healthy_at: float | None = field(default=None, init=False)

    def healthy(self, now: float) -> None:
        """Note that it works."""
        self._was_healthy = True
        self._healthy_at = now

    def ended(self, now: float) -> float | None:
        """Return the seconds to wait before the next start; None when it is enough."""
        if self._healthy_at is not None and now - self._healthy_at > STEADY_AFTER:
            self._in_a_row = 0
        self._healthy_at = None
        self._ends.append(now)
        while now - self._ends[0] > self.window:
            self._ends.popleft()
        self._in_a_row += 1
        if len(self._ends) >= (self.limit if self._was_healthy else self.limit_before_first_health):
            return None
        return min(FIRST_DELAY * 2 ** (self._in_a_row - 1), LONGEST_DELAY)
