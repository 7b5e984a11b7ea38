"""Dagster's sensor daemon for single iterations, killed at a point of its own choosing.

`python -m tests.doubles.dying_daemon POINT SECONDS…`: one iteration for each number of seconds after
a fixed moment; SIGKILL at the point (`none`: never) of the sensor over git.
"""

import logging
import signal
import sys
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import (
    SingleThreadPoolExecutor,
    create_test_daemon_workspace_context,
    freeze_time,
    wait_for_futures,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.sensor import execute_sensor_iteration

SENSOR = "knowledge_changes"
START = datetime(2026, 11, 20, tzinfo=UTC)


def main(point: str, *offsets: str) -> None:
    flags = {SENSOR: {point: signal.SIGKILL}} if point != "none" else None
    target = InProcessWorkspaceLoadTarget(
        InProcessCodeLocationOrigin(
            LoadableTargetOrigin(module_name="dagster_kb.definitions"), location_name="dagster_kb"
        )
    )
    with (
        dg.DagsterInstance.get() as instance,
        create_test_daemon_workspace_context(target, instance) as workspace,
    ):
        for offset in offsets:
            with freeze_time(START + timedelta(seconds=int(offset))):
                iterate(workspace, flags)


def iterate(workspace: object, flags: object) -> None:
    futures: dict = {}
    list(
        execute_sensor_iteration(
            workspace, logging.getLogger("daemon"), threadpool_executor=SingleThreadPoolExecutor(),
            submit_threadpool_executor=None, debug_crash_flags=flags, sensor_tick_futures=futures,
        )
    )  # fmt: skip
    wait_for_futures(futures)


if __name__ == "__main__":
    main(*sys.argv[1:])
