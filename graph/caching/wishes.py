"""What a caller says about caches, in the words of HTTP's `Cache-Control`."""

import re
from dataclasses import dataclass
from typing import Final

from kb_contract.errors import BadInput

LONGEST: Final = 100
_MAX_AGE: Final = re.compile(r"max-age=(\d{1,9})")
# What HTTP also says of requests, and what changes nothing here.
_IDLE: Final = frozenset({"no-transform", "max-stale", "private", "public", "must-revalidate"})


@dataclass(frozen=True)
class CacheWish:
    """Whether a kept answer may be given, and whether the new one may be kept."""

    may_read: bool = True
    may_keep: bool = True
    only_kept: bool = False
    """No answer rather than one that is worked out now."""
    max_age: float | None = None
    """Seconds; an older answer is not wanted."""

    def takes(self, age: float) -> bool:
        """Whether what was kept so many seconds ago may be given."""
        return self.may_read and (self.max_age is None or age <= self.max_age)


def read_wish(said: str | None) -> CacheWish:
    """Read `no-cache`, `no-store`, `only-if-cached` and `max-age=60`, joined by commas."""
    parts = [one.strip().lower() for one in (said or "").split(",") if one.strip()]
    ages = [float(found[1]) for one in parts if (found := _MAX_AGE.fullmatch(one))]
    known = {"no-cache", "no-store", "only-if-cached"} | _IDLE
    unknown = [one for one in parts if one not in known and not _MAX_AGE.fullmatch(one)]
    if unknown:
        raise BadInput(
            f"{', '.join(unknown)[:LONGEST]} says nothing about caches",
            where="cache",
            cure="use no-cache, no-store, only-if-cached or max-age=SECONDS, joined by commas",
        )
    fresh = "no-cache" in parts or "no-store" in parts or 0.0 in ages
    if fresh and "only-if-cached" in parts:
        raise BadInput(
            "a kept answer is both asked for and not wanted",
            where="cache",
            cure="say only-if-cached, or no-cache, or no-store",
        )
    return CacheWish(
        may_read=not fresh,
        may_keep="no-store" not in parts,
        only_kept="only-if-cached" in parts,
        max_age=min(ages, default=None),
    )
