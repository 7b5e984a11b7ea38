"""Who asked for a run, by which way, and what it is about: tags of runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kb_contract.generation import Generation

TRIGGER: Final = "kb/trigger"
REQUESTED_BY: Final = "kb/requested_by"
# Of whom, and of which generation, a run is; known when it has staged what git says.
OWNER: Final = "kb/owner"
GENERATION: Final = "kb/generation"
# Why a run that succeeded did nothing.
SKIPPED: Final = "kb/skipped"
PAUSED: Final = "paused"
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


def generation_tags(generation: Generation) -> dict[str, str]:
    """Read what a run is about."""
    owners = ", ".join(generation.manifest.get("owners") or ())
    return {GENERATION: str(generation.number), **({OWNER: owners[:200]} if owners else {})}


def tags_of_work(generation: Generation, asked: Mapping[str, str]) -> dict[str, str]:
    """Read what a run is about; one that is executed anew has the tags of the one that was skipped."""
    return {**generation_tags(generation), **({SKIPPED: "no"} if SKIPPED in asked else {})}
