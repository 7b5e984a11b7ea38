"""What people approved for the writer to do: rows that the reader wrote, taken by a sensor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import dagster as dg
from psycopg.types.json import Jsonb

from dagster_kb.automation import REFRESH, refresh
from dagster_kb.partitions import AGENTS
from dagster_kb.resources.ledger import Ledger
from dagster_kb.settings import WriterSettings
from dagster_kb.telemetry import TRACE_TAG

OPERATION: Final = "kb/operation"
RunOf = Callable[[str], dg.DagsterRun | None]


@dataclass(frozen=True)
class OperationsTick:
    """What to launch, and what to say of the rows."""

    launch: list[dg.RunRequest] = field(default_factory=list[dg.RunRequest])
    settle: dict[str, tuple[str, dict[str, Any]]] = field(
        default_factory=dict[str, tuple[str, dict[str, Any]]]
    )


def plan_operations(
    rows: Sequence[Mapping[str, Any]], agents: set[str], run_of: RunOf
) -> OperationsTick:
    """Pure: a row stays 'requested' until a run with its key exists, so that a crash loses none."""
    tick = OperationsTick()
    for row in rows:
        key, agent = str(row["key"]), str(row["arguments"].get("agent_id", ""))
        if row["action"] != REFRESH or agent not in agents:
            why = f"cannot {row['action']} {agent!r}; agents: {', '.join(sorted(agents))}"
            tick.settle[key] = ("failed", {"error": why})
            continue
        run = run_of(key)
        if run is None:
            tick.launch.append(
                dg.RunRequest(
                    f"operation {key}", job_name=REFRESH, partition_key=agent,
                    tags={OPERATION: key, "kb/agent": agent, **_trace(row)},
                )
            )  # fmt: skip
        else:
            tick.settle[key] = (_status(run), {"dagster_run_id": run.run_id})
    return tick


def _trace(row: Mapping[str, Any]) -> dict[str, str]:
    return {TRACE_TAG: str(row["trace_id"])} if row.get("trace_id") else {}


def _status(run: dg.DagsterRun) -> str:
    if not run.is_finished:
        return "running"
    return "done" if run.is_success else "failed"


def operations_sensor(settings: WriterSettings) -> dg.SensorDefinition:
    """Make the sensor; it looks as often as the one over git."""

    @dg.sensor(
        job=refresh,
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs what a person approved in a conversation, once per approval.",
    )
    def approved_operations(
        context: dg.SensorEvaluationContext, ledger: dg.ResourceParam[Ledger]
    ) -> dg.SensorResult | dg.SkipReason:
        rows = ledger.database.rows("open_operations")
        if not rows:
            return dg.SkipReason("nothing was approved")
        agents = set(context.instance.get_dynamic_partitions(AGENTS))
        tick = plan_operations(rows, agents, lambda key: _run_of(context.instance, key))
        for key, (status, result) in tick.settle.items():
            ledger.database.run("settle_operation", key=key, status=status, result=Jsonb(result))
        return dg.SensorResult(run_requests=tick.launch)

    return approved_operations


def _run_of(instance: dg.DagsterInstance, key: str) -> dg.DagsterRun | None:
    found = instance.get_runs(dg.RunsFilter(tags={OPERATION: key}), limit=1)
    return found[0] if found else None
