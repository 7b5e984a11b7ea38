"""When a cron runs next: five columns, read in a time zone."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterBadDateError, CroniterError, croniter

from kb_contract.errors import BadInput

COLUMNS: Final = 5
LONGEST: Final = 200


def next_time(schedule: str, timezone: str | None, after: datetime) -> datetime | None:
    """Return the first moment after this one; None when there is none any more."""
    begin = after.astimezone(_zone(timezone))
    try:
        found: datetime = croniter(_columns(schedule), begin).get_next(datetime)
    except CroniterBadDateError:
        return None
    except (CroniterError, ValueError, OverflowError) as error:
        raise _refused(schedule, str(error)) from error
    return found.astimezone(UTC)


def _columns(schedule: str) -> str:
    if len(schedule) > LONGEST or len(schedule.split()) != COLUMNS:
        raise _refused(schedule, "it has five columns")
    return schedule


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(
            f"there is no time zone {(name or '')[:60]!r}",
            where="timezone",
            cure="use a name such as Europe/Stockholm",
        ) from error


def _refused(schedule: str, why: str) -> BadInput:
    return BadInput(
        f"{schedule[:60]!r} is no schedule: {why}"[:300],
        where="schedule",
        cure="minute, hour, day, month, weekday: 0 9 * * 1",
    )
