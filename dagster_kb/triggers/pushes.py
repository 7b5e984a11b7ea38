"""What became of pushes that git servers told of; a push only says where to look."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import dagster as dg

from dagster_kb.origins import Origin
from dagster_kb.resources.ledger_triggers import Push, TriggerLedger
from dagster_kb.triggers.knowledge_tick import COMMIT

PUSH: Final = "kb/push"
# A server may tell of a push before it shows it; a folder is only as new as its last pull.
PATIENCE: Final = 120.0
RunsWith = Callable[[str, str], list[str]]


@dataclass(frozen=True)
class Pushes:
    """The open pushes at one tick, newest first, and what is known of them."""

    ledger: TriggerLedger
    waiting: tuple[Push, ...]
    runs_with: RunsWith
    is_shown: Callable[[str], bool]
    """Whether a commit is there to be read already."""

    @classmethod
    def now(
        cls, ledger: TriggerLedger, instance: dg.DagsterInstance, is_shown: Callable[[str], bool]
    ) -> "Pushes":
        """Settle those that runs were launched for; the others wait."""

        def runs_with(tag: str, value: str) -> list[str]:
            return [one.run_id for one in instance.get_runs(dg.RunsFilter(tags={tag: value}))]

        found = ledger.open_pushes()
        launched = {one.delivery_id: runs_with(PUSH, one.delivery_id) for one in found}
        settled = settled_by_runs(found, launched)
        for delivery, runs in settled.items():
            ledger.take(delivery, runs)
        waiting = tuple(one for one in found if one.delivery_id not in settled)
        return cls(ledger, waiting, runs_with, is_shown)

    @cached_property
    def newest(self) -> Push | None:
        """The last push that is shown: one told early is not in the runs of what was there before."""
        return next((one for one in self.waiting if self.is_shown(one.after_sha)), None)

    @property
    def origin(self) -> Origin:
        return Origin("webhook", self.newest.pusher) if self.newest else Origin("sensor")

    @property
    def tags(self) -> dict[str, str]:
        return {PUSH: self.newest.delivery_id} if self.newest else {}

    def settle_without_runs(self, head: str) -> None:
        """Nothing was new: a push of this commit was built before, or touched no agent."""
        for one in self.waiting:
            if self.is_shown(one.after_sha):
                self.ledger.take(one.delivery_id, self.runs_with(COMMIT, head))
            elif one.age > PATIENCE:
                self.ledger.take(one.delivery_id, [])


def settled_by_runs(
    pushes: Sequence[Push], launched: Mapping[str, Sequence[str]]
) -> dict[str, Sequence[str]]:
    """Pure: a push that came before one that was launched for is in the same runs."""
    settled: dict[str, Sequence[str]] = {}
    runs: Sequence[str] = ()
    for one in pushes:
        runs = launched.get(one.delivery_id) or runs
        if runs:
            settled[one.delivery_id] = runs
    return settled
