"""Who asked for a run, and by which way: tags of the run, and columns of its pipeline run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

TRIGGER: Final = "kb/trigger"
REQUESTED_BY: Final = "kb/requested_by"
# Where a run has no tag of ours, Dagster says which of its own ways it came by.
_DAGSTERS: Final = (
    ("dagster/schedule_name", "schedule"),
    ("dagster/sensor_name", "sensor"),
    ("dagster/backfill", "ui"),
)


@dataclass(frozen=True)
class Origin:
    """One way in, and the person or part that took it."""

    trigger: str
    by: str = ""

    def tags(self) -> dict[str, str]:
        return {TRIGGER: self.trigger, **({REQUESTED_BY: self.by[:200]} if self.by else {})}


def origin_of(tags: Mapping[str, str]) -> Origin:
    """Read where a run came from; whoever used Dagster's pages left no name."""
    known = next((way for tag, way in _DAGSTERS if tag in tags), "ui")
    return Origin(tags.get(TRIGGER, known), tags.get(REQUESTED_BY, tags.get("user", "")))
