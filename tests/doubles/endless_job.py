"""A code location whose one run never ends: for what becomes of runs that lose their processes."""

import threading

import dagster as dg


@dg.op
def wait_for_ever() -> None:
    threading.Event().wait()


@dg.job(tags={"dagster/max_retries": "0"}, executor_def=dg.in_process_executor)
def endless() -> None:
    wait_for_ever()


@dg.sensor(job=endless, minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def begins_once(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run at a time, begun by a real daemon."""
    ended = context.instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
    return dg.RunRequest(f"after {ended} failures") if ended < 2 else dg.SkipReason("enough")


@dg.definitions
def defs() -> dg.Definitions:
    return dg.Definitions(jobs=[endless], sensors=[begins_once])
