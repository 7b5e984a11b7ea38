"""Runs that failed for what may pass: known by a tag, and tried again ever later."""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from dagster_kb.triggers.knowledge_tick import COMMIT
from dagster_kb.upkeep.refreshes import PARTITION, is_refresh, is_skipped, is_whole

TRANSIENT: Final = "kb/transient"
FIRST_SECONDS: Final = 60
LONGEST_SECONDS: Final = 3600
# Runs of other jobs, such as looking for names, may come after it.
LOOKED_AT: Final = 20
WITHIN: Final = timedelta(days=2)
# Ours, and what drivers raise when a server is away; a refusal, or a bug, is none of these.
PASSING: Final = frozenset(
    {
        "Unavailable", "KnowledgeUnavailable", "ModelFailed", "FetchTooSlow",
        "OperationalError", "PoolTimeout", "LockNotAvailable", "ConnectionTimeout",
        "AdminShutdown", "CrashShutdown", "CannotConnectNow", "TooManyConnections",
        "ConnectionFailure", "ConnectionDoesNotExist", "SerializationFailure", "DeadlockDetected",
        "ResponseHandlingException",
        "ConnectError", "ConnectTimeout", "ReadTimeout", "RemoteProtocolError",
    }
)  # fmt: skip

# Of runs that were ended for their time; a second one in a row shows that it is no use to go on.
CUT: Final = "kb/ran_too_long"
CUTS: Final = 2


def is_cut_again(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether it is the agent's second run in a row at one commit that was ended for its time."""
    runs = instance.get_runs(
        dg.RunsFilter(tags={PARTITION: run.tags.get(PARTITION, "")}), limit=LOOKED_AT
    )
    commits: set[str] = set()
    cuts = 0
    for one in runs:
        if not is_refresh(one):
            continue
        commits |= {one.tags[COMMIT]} if COMMIT in one.tags else set()  # the night's names none
        if CUT not in one.tags or len(commits) > 1:
            break
        cuts += 1
    return cuts >= CUTS


def may_pass(failures: Iterable[dg.DagsterEvent]) -> bool:
    """Whether every step that failed did so for want of something that may come back."""
    errors = [one.step_failure_data.error for one in failures]
    return bool(errors) and all(error is not None and _is_passing(error) for error in errors)


def _is_passing(error: SerializableErrorInfo) -> bool:
    return error.cls_name in PASSING or (error.cause is not None and _is_passing(error.cause))


def due_again(instance: dg.DagsterInstance, among: Set[str], now: datetime) -> dict[str, str]:
    """Agents whose last run failed so, when it is time; each with the id of that run."""
    failed = instance.get_run_records(
        dg.RunsFilter(
            statuses=[dg.DagsterRunStatus.FAILURE], tags={TRANSIENT: "yes"},
            updated_after=now - WITHIN,
        )
    )  # fmt: skip
    by_agent: dict[str, list[dg.RunRecord]] = {}
    for record in failed:
        if not is_whole(record.dagster_run):
            continue
        by_agent.setdefault(record.dagster_run.tags.get(PARTITION, ""), []).append(record)
    return {
        agent: records[0].dagster_run.run_id
        for agent, records in by_agent.items()
        if agent in among and _is_time(records, now) and _is_last(instance, agent, records[0])
    }


def held_up(
    instance: dg.DagsterInstance, among: Set[str], resumed: Mapping[str, datetime]
) -> dict[str, str]:
    """Agents whose last run built nothing and was asked for before their pause ended, with its id.

    The pause may be all that refused it, and no look may have seen that there was one.
    """
    last = {one: _last(instance, one) for one in sorted(among & resumed.keys())}
    return {
        agent: run.dagster_run.run_id
        for agent, run in last.items()
        if run and _built_nothing(run.dagster_run)
        and run.create_timestamp < resumed[agent]
    }  # fmt: skip


def _built_nothing(run: dg.DagsterRun) -> bool:
    return run.status is dg.DagsterRunStatus.FAILURE or is_skipped(run)


def _is_time(records: Sequence[dg.RunRecord], now: datetime) -> bool:
    commit = records[0].dagster_run.tags.get(COMMIT)
    tries = sum(1 for one in records if one.dagster_run.tags.get(COMMIT) == commit)
    wait = min(FIRST_SECONDS * 2 ** (tries - 1), LONGEST_SECONDS)
    ended = records[0].end_time
    return ended is None or now - datetime.fromtimestamp(ended, UTC) >= timedelta(seconds=wait)


def _is_last(instance: dg.DagsterInstance, agent: str, record: dg.RunRecord) -> bool:
    last = _last(instance, agent)
    return last is not None and last.dagster_run.run_id == record.dagster_run.run_id


def _last(instance: dg.DagsterInstance, agent: str) -> dg.RunRecord | None:
    runs = instance.get_run_records(dg.RunsFilter(tags={PARTITION: agent}), limit=LOOKED_AT)
    return next((one for one in runs if is_refresh(one.dagster_run)), None)
