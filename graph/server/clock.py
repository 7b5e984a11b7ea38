"""The time, as a thing that is passed on: tests have a clock of their own."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)  # noqa: TID251 - the clock that others take as a parameter
