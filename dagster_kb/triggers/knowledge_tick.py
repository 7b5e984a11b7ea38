"""Pure: what a tick of the sensor over git asks for, given what it sees."""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

import dagster as dg

from dagster_kb.origins import Origin
from dagster_kb.partitions import agents
from dagster_kb.upkeep.refreshes import REFRESH
from dagster_kb.upkeep.retirement import retiring

COMMIT: Final = "kb/commit"
# More are taken at the next tick, so that a tick stays short.
RUNS_IN_A_TICK: Final = 200


@dataclass(frozen=True)
class Sight:
    """What git says, what was seen before, and what Dagster has.

    The cursor has tree shas, not a commit: a force-push or a fresh clone cannot lose it.
    """

    head: str
    trees: Mapping[str, str]
    seen: Mapping[str, str]
    present: Set[str]
    digest: str
    paused: Mapping[str, str] = field(default_factory=dict[str, str])
    """Agents that nothing may build, with the reason."""

    @property
    def now(self) -> dict[str, str]:
        """What the cursor would say of each agent, were it built now."""
        return {agent: f"{tree}+{self.digest}" for agent, tree in self.trees.items()}

    def changed(self) -> list[str]:
        """Agents that are not as they were seen; paused ones come when they are resumed."""
        now = self.now
        return sorted(
            one
            for one in now
            if one not in self.paused
            and (now[one] != self.seen.get(one) or one not in self.present)
        )


@dataclass(frozen=True)
class Demand:
    """What is asked for beside that which changed."""

    gone: Mapping[str, str] = field(default_factory=dict[str, str])
    """Agents whose folder is gone, with the attempt to end them."""
    waits: Sequence[str] = ()
    """Why folders that are gone do not end their agents yet, and others are no agents."""
    earlier: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of each agent, the last run at this commit that has ended."""
    again: Mapping[str, str] = field(default_factory=dict[str, str])
    """Agents whose last run failed for what may have passed, with that run's id."""
    origin: Origin = field(default_factory=lambda: Origin("sensor"))
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


def plan_tick(sight: Sight, demand: Demand) -> dg.SensorResult:
    """Return what to run, and the cursor that says so.

    The run key has the commit, not the tree: a revert comes back to an old tree and must run
    again. It has the attempt: a force-push comes back to an old commit and must run again too.
    """
    changed = sight.changed()
    taken, late = changed[:RUNS_IN_A_TICK], set(changed[RUNS_IN_A_TICK:])
    again = {one: run for one, run in demand.again.items() if one not in changed}
    gone = sorted(one for one in demand.gone if one not in sight.paused)
    requests = [
        *(_refreshing(sight, demand, one, demand.earlier.get(one)) for one in taken),
        *(_refreshing(sight, demand, one, run) for one, run in sorted(again.items())),
        *(retiring(one, sight.head, demand.gone[one]) for one in gone),
    ]
    return dg.SensorResult(
        cursor=_cursor(sight, late),
        dynamic_partitions_requests=new_partitions(
            [one for one in taken if one not in sight.present]
        ),
        run_requests=requests,
        skip_reason=None if requests else _nothing(sight, demand),
    )


def _cursor(sight: Sight, late: Set[str]) -> str:
    """What waits is left out, so that it is a change later: a resumed agent is built at once."""
    now = sight.now
    done = {one: now[one] for one in now if one not in late and one not in sight.paused}
    return json.dumps(done, sort_keys=True)


def _nothing(sight: Sight, demand: Demand) -> str:
    held = [f"{one} is paused ({why})" for one, why in sorted(sight.paused.items())]
    return "; ".join([f"nothing new at {sight.head[:12]}", *held, *demand.waits])


def new_partitions(new: Sequence[str]) -> list[dg.AddDynamicPartitionsRequest]:
    """Ask for the partitions of agents that Dagster does not know."""
    return [agents.build_add_request(list(new))] if new else []


def _refreshing(sight: Sight, demand: Demand, agent: str, earlier: str | None) -> dg.RunRequest:
    after = f"+after {earlier}" if earlier else ""
    return dg.RunRequest(
        f"{agent}@{sight.head}+{sight.digest}{after}",
        job_name=REFRESH,
        partition_key=agent,
        tags={"kb/agent": agent, COMMIT: sight.head, **demand.origin.tags(), **demand.tags},
    )
