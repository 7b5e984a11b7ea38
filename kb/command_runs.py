"""Runs that a command has in its own process: who asked, and which of them were killed with it."""

import getpass
import os
import socket
from typing import Final

import dagster as dg
import psutil

from dagster_kb.origins import Origin

PROCESS: Final = "kb/process"
_UNDER_WAY: Final = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


def tags_of_command() -> dict[str, str]:
    """What a run of this command says of it."""
    return {PROCESS: _identity(psutil.Process()), **by_hand().tags()}


def by_hand() -> Origin:
    """Whoever typed the command; in a container there may be no name for them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"user {os.getuid()}"
    return Origin("kb ingest", name)


def end_runs_of_dead_commands(instance: dg.DagsterInstance) -> int:
    """Fail runs of `kb ingest` that were killed on this machine, and free what ended runs still hold."""
    here = f"{socket.gethostname()}:"
    dead = [
        run for said, run in _under_way(instance) if said.startswith(here) and not _is_alive(said)
    ]
    for run in dead:
        instance.report_run_failed(run, "the command that ran it was killed")
    _free_slots(instance)
    return len(dead)


def cancel_own_runs(instance: dg.DagsterInstance) -> None:
    """Say of the runs of this command, which is about to end, that somebody wanted that."""
    own = _identity(psutil.Process())
    for said, run in _under_way(instance):
        if said == own:
            instance.report_run_canceled(run, "the command that ran it was stopped")


def _free_slots(instance: dg.DagsterInstance) -> None:
    """The daemon frees them after a while, but there may be none, and the next run would wait for good."""
    log = instance.event_log_storage
    for holder in log.get_concurrency_run_ids():
        run = instance.get_run_by_id(holder)
        if run is None or run.is_finished:
            log.free_concurrency_slots_for_run(holder)


def _under_way(instance: dg.DagsterInstance) -> list[tuple[str, dg.DagsterRun]]:
    """Each run of a command that has not ended, with what it says of its process."""
    runs = instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY))
    return [(run.tags[PROCESS], run) for run in runs if PROCESS in run.tags]


def _identity(process: psutil.Process) -> str:
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"


def _is_alive(said: str) -> bool:
    try:
        return _identity(psutil.Process(int(said.split(":")[1]))) == said
    except psutil.NoSuchProcess:
        return False
