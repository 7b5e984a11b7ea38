"""Runs that a command has in its own process: who asked, and which of them were killed with it."""

import getpass
import os
import socket

import dagster as dg
import psutil

from dagster_kb.origins import Origin
from dagster_kb.resources.ledger_database import LedgerDatabase
from dagster_kb.upkeep.dead_commands import PROCESS, dead_runs, end_run, runs_of_commands


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
    process = psutil.Process()
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"


def end_runs_of_dead_commands(instance: dg.DagsterInstance, database: LedgerDatabase) -> int:
    """Fail runs of `kb ingest` that were killed, and free what ended runs still hold."""
    dead = dead_runs(instance, database)
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


def _free_slots(instance: dg.DagsterInstance) -> None:
    """The daemon frees them after a while, but there may be none, and the next run would wait for good."""
    log = instance.event_log_storage
    for holder in log.get_concurrency_run_ids():
        run = instance.get_run_by_id(holder)
        if run is None or run.is_finished:
            log.free_concurrency_slots_for_run(holder)
