"""What people approved or asked for: rows that the server wrote, taken by a sensor."""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Final

import dagster as dg
from dagster._core.storage.tags import PRIORITY_TAG
from psycopg.types.json import Jsonb

from dagster_kb.origins import Origin
from dagster_kb.partitions import AGENTS
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.settings import WriterSettings
from dagster_kb.telemetry import TRACE_TAG
from dagster_kb.triggers.automation import FETCH_IN_A_TICK, refresh, whole_run_config
from dagster_kb.triggers.knowledge_tick import REFRESH, new_partitions
from dagster_kb.upkeep.failures import agent_of
from dagster_kb.upkeep.looks import skips_what_is_away
from dagster_kb.upkeep.operator_work import (
    AT_ONCE,
    OPERATOR_ACTIONS,
    do_at_once,
    operator_job,
    operator_request,
)
from dagster_kb.upkeep.refreshes import ORDERED, is_skipped
from kb_contract.errors import BadInput, Unavailable

OPERATION: Final = "kb/operation"
# Before what waits in the queue.
FIRST: Final = "10"
# Asked for over the API, for some agents or all; the other action is one agent, approved in a talk.
INGEST: Final = "ingest"
# By agent, of one row.
RunsOf = Callable[[str], Mapping[str, dg.DagsterRun]]


@dataclass(frozen=True)
class OperationsTick:
    """What to launch, and what to say of the rows."""

    launch: list[dg.RunRequest] = field(default_factory=list[dg.RunRequest])
    settle: dict[str, tuple[str, dict[str, Any]]] = field(
        default_factory=dict[str, tuple[str, dict[str, Any]]]
    )
    at_once: list[tuple[Mapping[str, Any], str, str]] = field(
        default_factory=list[tuple[Mapping[str, Any], str, str]]
    )
    """Rows that need no run, each with its key and agent."""


@dataclass(frozen=True)
class Wanted:
    """The agents of a row, and those of which it cannot be done, with the reason."""

    agents: Sequence[str]
    refused: Mapping[str, str]


def plan_operations(
    rows: Sequence[Mapping[str, Any]],
    agents: Set[str],
    runs_of: RunsOf,
    paused: Mapping[str, str] | None = None,
    every: Set[str] | None = None,
) -> OperationsTick:
    """Pure: a row stays 'requested' until runs with its key exist, so that a crash loses none.

    `every` is what all agents are, where that is not whatever is known: those with a folder.
    """
    tick = OperationsTick()
    for row in rows:
        key = str(row["key"])
        runs = runs_of(key)
        wanted = _wanted(row, agents, agents if every is None else every, paused or {})
        missing = [one for one in wanted.agents if one not in runs]
        if row["action"] in AT_ONCE and wanted.agents:
            tick.at_once.append((row, key, wanted.agents[0]))
        elif missing:
            tick.launch.extend(_request(row, key, one) for one in missing)
        else:
            tick.settle[key] = _settled(row, runs, wanted)
    return tick


def _wanted(
    row: Mapping[str, Any], known: Set[str], every: Set[str], paused: Mapping[str, str]
) -> Wanted:
    arguments: Mapping[str, Any] = row["arguments"]
    if row["action"] == REFRESH:
        named = [str(arguments.get("agent_id", ""))]
    elif row["action"] in OPERATOR_ACTIONS:
        named, paused = (
            [str(arguments.get("agent_id", ""))],
            {},
        )  # whoever resumes means a paused one
    elif row["action"] == INGEST:
        said = arguments.get("agents")
        named = sorted(every) if said is None else [str(one) for one in said]
    else:
        possible = ", ".join((REFRESH, INGEST, *OPERATOR_ACTIONS))
        return Wanted((), {"": f"cannot {row['action']}; possible: {possible}"})
    there = ", ".join(sorted(known)) or "none yet"
    refused = {one: f"there is no agent {one!r}; agents: {there}"
               for one in named if one not in known}  # fmt: skip
    refused |= {one: f"paused ({paused[one]}) → kb resume {one}"
                for one in named if one in paused and one in known}  # fmt: skip
    return Wanted([one for one in dict.fromkeys(named) if one not in refused], refused)


def _request(row: Mapping[str, Any], key: str, agent: str) -> dg.RunRequest:
    whole = row["action"] == INGEST
    origin = Origin("api" if whole else "approval", str(row.get("requested_by") or ""))
    if row["action"] in OPERATOR_ACTIONS:
        tags = {OPERATION: key, ORDERED: agent, PRIORITY_TAG: FIRST, **origin.tags(), **_trace(row)}
        return operator_request(row, key, agent, tags)
    force = whole and bool(row["arguments"].get("force"))
    return dg.RunRequest(
        f"operation {key} {agent}" if whole else f"operation {key}",
        job_name=REFRESH, partition_key=agent, run_config=whole_run_config(force=force),
        tags={OPERATION: key, "kb/agent": agent, **origin.tags(), **_trace(row)},
    )  # fmt: skip


def _trace(row: Mapping[str, Any]) -> dict[str, str]:
    return {TRACE_TAG: str(row["trace_id"])} if row.get("trace_id") else {}


def _settled(
    row: Mapping[str, Any], runs: Mapping[str, dg.DagsterRun], wanted: Wanted
) -> tuple[str, dict[str, Any]]:
    if row["action"] != INGEST:
        run = next(iter(runs.values()), None)
        if run is None:
            return "failed", {"error": "; ".join(wanted.refused.values())}
        return _status(runs.values()), {"dagster_run_id": run.run_id}
    told: dict[str, Any] = {"dagster_runs": {one: run.run_id for one, run in runs.items()}}
    if wanted.refused:
        told["refused"] = dict(wanted.refused)
    if not (runs or wanted.refused):
        told["error"] = "there is no agent yet"
    return (_status(runs.values()) if runs else "failed"), told


def _status(runs: Collection[dg.DagsterRun]) -> str:
    if not all(one.is_finished for one in runs):
        return "running"
    done = all(one.is_success and not is_skipped(one) for one in runs)
    return "done" if done else "failed"


def operations_sensor(settings: WriterSettings) -> dg.SensorDefinition:
    """Make the sensor; it looks as often as the one over git."""

    @dg.sensor(
        jobs=[refresh, operator_job],
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs what a person approved in a conversation, or asked for over the API, once.",
    )
    @skips_what_is_away
    def approved_operations(
        context: dg.SensorEvaluationContext,
        folder: dg.ResourceParam[KnowledgeFolder],
        ledger: dg.ResourceParam[Ledger],
    ) -> dg.SensorResult | dg.SkipReason:
        rows = ledger.database.rows("open_operations", workspace=ledger.workspace)
        if not rows:
            return dg.SkipReason("nothing was approved or asked for")
        present = set(context.instance.get_dynamic_partitions(AGENTS))
        every = _committed(context, folder, present)
        paused = {one: str(row["reason"]) for one, row in ledger.incidents.all_paused().items()}
        tick = plan_operations(
            rows, present | every, lambda key: _runs_of(context.instance, key), paused, every
        )
        for order in tick.at_once:
            do_at_once(ledger, *order)
        for key, (status, result) in tick.settle.items():
            ledger.database.run(
                "settle_operation", workspace=ledger.workspace, key=key, status=status,
                result=Jsonb(result),
            )  # fmt: skip
        return dg.SensorResult(
            run_requests=tick.launch,
            dynamic_partitions_requests=new_partitions(
                sorted(
                    {str(one.partition_key) for one in tick.launch if one.partition_key} - present
                )
            ),
        )

    return approved_operations


def _committed(
    context: dg.SensorEvaluationContext, folder: KnowledgeFolder, present: set[str]
) -> set[str]:
    """Agents with a folder: one that was just committed may be asked for before it is looked at."""
    try:
        return set(folder.agents(folder.head(FETCH_IN_A_TICK)))
    except (BadInput, Unavailable) as error:
        context.log.warning("%s; the agents that are known are taken", error)
        return present


def _runs_of(instance: dg.DagsterInstance, key: str) -> dict[str, dg.DagsterRun]:
    """The newest run of each agent: one that crashed and was tried again counts once."""
    found: dict[str, dg.DagsterRun] = {}
    for run in instance.get_runs(dg.RunsFilter(tags={OPERATION: key})):
        found.setdefault(agent_of(run) or "", run)
    return found
