"""Words that part one thing from another of its kind: what holds for guests may not for staff."""

from typing import Final

# Things of one kind of which each has rules of its own.
KINDS: Final = tuple(
    frozenset(one.split())
    for one in (
        "employee contractor intern visitor customer guest manager admin administrator director user"
        " freelancer trainee apprentice supplier partner",
        "production staging test development sandbox demo preview",
        "free basic standard pro premium enterprise business team starter",
        "critical high medium low urgent normal",
        "monday tuesday wednesday thursday friday saturday sunday weekend weekday",
        "europe america asia africa germany france uk us usa eu spain italy japan china india",
        "windows linux macos mac android ios",
        "daily weekly monthly quarterly yearly annual full incremental",
        "internal external public private confidential secret",
        "domestic international national foreign",
        "minimum maximum average default",
        "small large big extra",
        "primary secondary backup",
        "first second third fourth last",
        "new old current former legacy",
        "parental sick annual maternity paternity",
        "email phone chat ticket post",
        "gold silver bronze platinum",
        "read write delete create update",
        "upload download",
        "summer winter spring autumn",
        "north south east west",
        "inbound outbound incoming outgoing",
        "adult child senior student",
    )
)  # fmt: skip
