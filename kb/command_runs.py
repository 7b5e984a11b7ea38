"""Runs that a command has in its own process: who asked, and which of them were killed with it."""

import getpass
import os
import socket
import time
from collections.abc import Callable

import dagster as dg
import psutil

from dagster_kb.origins import Origin
from dagster_kb.resources.ledger_database import LedgerDatabase
from dagster_kb.upkeep.dead_commands import (
    PATIENCE,
    PROCESS,
    dead_runs,
    end_run,
    runs_of_commands,
)


def tags_of_command() -> dict[str, str]:
    """What a run of this command says of it."""
    return {PROCESS: this_command(), **by_hand().tags()}


def by_hand() -> Origin:
    """Whoever typed the command; in a container there may be no name for them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"user {os.getuid()}"
    return Origin("kb ingest", name)


def this_command() -> str:
    """Name the process so that no other one ever has that name."""
    return name_of(psutil.Process())


def name_of(process: psutil.Process) -> str:
    """Name any process so."""
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"


def end_runs_of_dead_commands(
    instance: dg.DagsterInstance, database: LedgerDatabase,
    wait: Callable[[float], object] = time.sleep,
) -> int:  # fmt: skip
    """Fail runs of `kb ingest` that were killed, and free what ended runs still hold.

    A lock may be lost with a connection: here one looks at the process, of other hosts once more.
    """
    looked_dead = [run for run in dead_runs(instance, database) if not _lives_here(run)]
    if any(not _is_of_here(run) for run in looked_dead):
        wait(PATIENCE)
    still = {run.run_id for run in dead_runs(instance, database)}
    dead = [run for run in looked_dead if run.run_id in still]
    for run in dead:
        end_run(instance, run)
    _free_slots(instance)
    return len(dead)


def cancel_own_runs(instance: dg.DagsterInstance) -> None:
    """Say of the runs of this command, which is about to end, that somebody wanted that."""
    own = this_command()
    for said, run in runs_of_commands(instance):
        if said == own:
            instance.report_run_canceled(run, "the command that ran it was stopped")


def _is_of_here(run: dg.DagsterRun) -> bool:
    return run.tags[PROCESS].rpartition(":")[0].rpartition(":")[0] == socket.gethostname()


def _lives_here(run: dg.DagsterRun) -> bool:
    """Whether that very process is there; its number alone may be another one's by now."""
    number = run.tags[PROCESS].split(":")[-2]
    if not _is_of_here(run) or not number.isdecimal():
        return False
    try:
        process = psutil.Process(int(number))
        is_over = process.status() == psutil.STATUS_ZOMBIE
        return not is_over and run.tags[PROCESS] == name_of(process)
    except psutil.NoSuchProcess:
        return False


def _free_slots(instance: dg.DagsterInstance) -> None:
    """The daemon frees them after a while, but there may be none, and the next run would wait for good."""
    log = instance.event_log_storage
    for holder in log.get_concurrency_run_ids():
        run = instance.get_run_by_id(holder)
        if run is None or run.is_finished:
            log.free_concurrency_slots_for_run(holder)
