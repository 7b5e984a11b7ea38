"""Who is signed in: kept in this process, found by a cookie that says nothing itself."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

COOKIE: Final = "scriptorium_console"
VISIT_SECONDS: Final = 12 * 3600
MOST_VISITS: Final = 10_000


@dataclass
class Visit:
    """One browser's stay; what it came in with is never shown again."""

    credential: str = field(repr=False)
    name: str = ""
    ends: float = float("inf")


@dataclass
class Visits:
    """Visits by the digest of their cookie, so that a dump of them opens nothing."""

    clock: Callable[[], float] = time.monotonic
    _known: OrderedDict[str, Visit] = field(default_factory=OrderedDict[str, Visit], init=False)

    def begin(self, credential: str, name: str) -> str:
        """Let somebody in; gives what the cookie says."""
        token = secrets.token_urlsafe(32)
        self._known[_digest(token)] = Visit(credential, name, self.clock() + VISIT_SECONDS)
        while len(self._known) > MOST_VISITS:
            _, oldest = self._known.popitem(last=False)
            oldest.ends = 0
        return token

    def find(self, token: str) -> Visit | None:
        visit = self._known.get(_digest(token))
        return visit if visit is not None and self.goes_on(visit) else None

    def end(self, token: str) -> None:
        """Let go of it; pages that are still open can ask for nothing more."""
        visit = self._known.pop(_digest(token), None)
        if visit is not None:
            visit.ends = 0

    def goes_on(self, visit: Visit) -> bool:
        return visit.ends > self.clock()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
