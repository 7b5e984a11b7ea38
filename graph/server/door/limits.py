"""How much one caller may do at a time, so that others are served while it floods."""

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from graph.server.errors import ApiError

MOST_BUCKETS: Final = 20_000
STRANGERS_PER_MINUTE: Final = 60.0
"""Wrong keys that one address may show."""
OPEN_PER_MINUTE: Final = 300.0
"""What one address may send where no key is asked for: webhooks."""


@dataclass
class Bucket:
    """What is left of a caller's requests, and when that was counted."""

    left: float
    at: float


@dataclass
class Rates:
    """Token buckets: each holds a minute's requests and fills evenly. Those not used for longest go first."""

    clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, Bucket] = field(default_factory=OrderedDict[str, Bucket], init=False)

    def take(self, name: str, per_minute: float) -> float:
        """Take one; return 0, or the seconds to wait when there is none."""
        bucket = self._filled(name, per_minute)
        if bucket.left < 1:
            return (1 - bucket.left) * 60 / per_minute
        bucket.left -= 1
        return 0.0

    def _filled(self, name: str, per_minute: float) -> Bucket:
        now = self.clock()
        bucket = self._buckets.setdefault(name, Bucket(per_minute, now))
        grown = (now - bucket.at) * per_minute / 60
        bucket.left, bucket.at = min(per_minute, bucket.left + grown), now
        self._buckets.move_to_end(name)
        while len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return bucket


@dataclass
class Limits:
    """Requests a minute and requests at one time, by key and by user. 0 is no limit."""

    per_key: float = 0
    per_user: float = 0
    at_one_time: int = 0
    rates: Rates = field(default_factory=Rates)
    _inside: Counter[str] = field(default_factory=Counter[str], init=False)

    def check_stranger(self, address: str) -> None:
        """Refuse an address that guesses; each look at a wrong key costs one of its tries."""
        self._take(f"address {address}", STRANGERS_PER_MINUTE)

    def check_open(self, address: str) -> None:
        """Refuse an address that sends too much to routes that ask for no key."""
        self._take(f"open {address}", OPEN_PER_MINUTE)

    @contextmanager
    def inside(self, credential: str, user: str) -> Generator[None]:
        """Count one request while it is answered; refuses what is too much."""
        self._take(f"key {credential}", self.per_key)
        self._take(f"user {user}", self.per_user)
        if self.at_one_time and self._inside[user] >= self.at_one_time:
            raise too_many(f"{self.at_one_time} requests of yours are being answered", 1)
        self._inside[user] += 1
        try:
            yield
        finally:
            self._inside[user] -= 1
            if not self._inside[user]:
                del self._inside[user]

    def _take(self, name: str, per_minute: float) -> None:
        wait = self.rates.take(name, per_minute) if per_minute else 0.0
        if wait:
            raise too_many(f"more than {per_minute:g} requests a minute", wait)


def too_many(message: str, seconds: float) -> ApiError:
    """Say that it is too much now, and when it will not be."""
    wait = str(max(1, math.ceil(seconds)))
    return ApiError(429, message, hint=f"come again in {wait} s", headers={"Retry-After": wait})
