"""Before Dagster starts: its tables exist, and no run is left that a dead machine was running.

`python -m kb.dagster_recovery [--fail-orphans]`; with a database that other machines use too,
their runs are not ours to judge, so nothing is failed without the option.
"""

import logging
import sys

import dagster as dg

_log = logging.getLogger("kb.dagster_recovery")
_UNDER_WAY = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def end_orphaned_runs(instance: dg.DagsterInstance) -> int:
    """End runs that nobody runs any more; those that crashed are tried again by Dagster.

    Where the launcher can ask its workers (Celery, Kubernetes, Ray), Dagster's own monitoring does
    that: such runs may well go on while the stack is down.
    """
    if instance.run_launcher.supports_check_run_worker_health:
        return 0
    orphans = instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY))
    for run in orphans:
        if run.status is dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, "canceled; the stack ended before it could say so")
        else:
            instance.report_run_failed(run, "the stack ended while this run was in progress")
    return len(orphans)


def main() -> None:
    """Open the storage (which makes its tables) and end what was left."""
    logging.basicConfig(level=logging.INFO)
    with dg.DagsterInstance.get() as instance:
        ended = end_orphaned_runs(instance) if "--fail-orphans" in sys.argv[1:] else 0
        _log.info("storage ready, %d orphaned run(s) ended", ended)


if __name__ == "__main__":
    main()
