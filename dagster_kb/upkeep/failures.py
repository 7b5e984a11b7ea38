"""What a run that failed leaves for people: an incident with what to do, until a run succeeds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from dagster_kb.resources.ledger import Ledger
from dagster_kb.upkeep.refreshes import AGENT_TAGS, is_skipped, is_whole
from dagster_kb.upkeep.retirement import RETIRE
from dagster_kb.upkeep.taking_over import end_stopped_before

KIND: Final = "run_failed"
STOPPED: Final = "run_stopped"
BY: Final = "dagster"
# What the gates refuse is told by the checks themselves, and needs no incident beside them.
REFUSALS: Final = frozenset({"DagsterAssetCheckFailedError", "GateRefused", "AgentPaused"})
LONGEST_SUMMARY: Final = 500


# As Dagster's run monitoring says it, once the run's process has ended, or when it does not.
TOO_LONG: Final = ("Exceeded maximum runtime", "forcibly marked as failed")


def ran_too_long(message: str | None) -> bool:
    """Whether Dagster's monitoring ended the run: the next one goes on from where it was."""
    return any(said in (message or "") for said in TOO_LONG)


@dataclass(frozen=True)
class Trouble:
    """Why a run failed, in words for people."""

    summary: str
    next_step: str
    step: str | None


def agent_of(run: dg.DagsterRun) -> str | None:
    """The agent that a run is about."""
    return next((run.tags[tag] for tag in AGENT_TAGS if tag in run.tags), None)


def trouble(
    run: dg.DagsterRun, message: str, failures: Sequence[dg.DagsterEvent]
) -> Trouble | None:
    """What went wrong; nothing for a refusal of the gates."""
    again = f"`kb ingest --agent {agent_of(run)}` tries again; what was done before is kept"
    if ran_too_long(message):
        step = failures[0].step_key if failures else None
        return Trouble(
            f"two runs at one commit ran for as long as a run may: {message}"[:LONGEST_SUMMARY],
            "see on Dagster's pages where they hang; where there is only much to do, raise "
            f"max_runtime_seconds in the file that DAGSTER_YAML names. The night tries again; {again}",
            step,
        )
    if not failures:
        # No step said anything: the process died, was stopped from outside, or ran too long.
        return Trouble(
            f"the run ended without a word of its own: {message}"[:LONGEST_SUMMARY],
            f"look for a machine that is out of memory or was restarted (`kb doctor`); {again}",
            None,
        )
    errors = [one.step_failure_data.error for one in failures]
    if all(error is not None and _is_refusal(error) for error in errors):
        return None
    error, step = errors[0], failures[0].step_key
    said = _last_words(error) if error else message
    return Trouble(f"{step}: {said}"[:LONGEST_SUMMARY], _next_step(said, again), step)


def open_incident(
    ledger: Ledger, run: dg.DagsterRun, message: str, failures: Sequence[dg.DagsterEvent]
) -> int | None:
    """Open an incident for a run that failed for good; the same trouble again is the same one."""
    agent = agent_of(run)
    found = trouble(run, message, failures)
    if agent is None or found is None:
        return None
    generation = ledger.generations.of_dagster_run(run.run_id)
    return ledger.incidents.open(
        agent, KIND, found.summary, found.next_step,
        facts={"dagster_run": run.run_id, "step": found.step, "job": run.job_name},
        generation_id=generation.generation_id if generation else None, by=BY,
    )  # fmt: skip


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Closes an agent's incidents of failed runs when one of its runs succeeds.",
)
def recovered_agents(
    context: dg.RunStatusSensorContext, ledger: dg.ResourceParam[Ledger]
) -> dg.SkipReason | None:
    """What failed and works again needs nobody any more; one that was skipped takes nothing over."""
    if is_skipped(context.dagster_run):
        end_stopped_before(context.instance, ledger, context.dagster_run)
    closed = close_incidents(context.instance, ledger, context.dagster_run)
    return None if closed else dg.SkipReason("no incident is open that this run answers")


def close_incidents(instance: dg.DagsterInstance, ledger: Ledger, run: dg.DagsterRun) -> list[int]:
    """Close what a good run shows to work again; return the ids.

    A part of a refresh, an operator's order or a look for names shows nothing of the kind.
    """
    agent = agent_of(run)
    if agent is None or not (is_whole(run) or run.job_name == RETIRE):
        return []
    began = _times(instance, run.run_id)[0]
    closed = [
        int(one["incident_id"])
        for one in ledger.incidents.listed(agent)
        if one["kind"] in (KIND, STOPPED)
        and (one["facts"].get("job") == RETIRE) == (run.job_name == RETIRE)
        and _times(instance, one["facts"].get("dagster_run", ""))[1] <= began
    ]
    for one in closed:
        ledger.incidents.close(one, by=BY)
    return closed


def _times(instance: dg.DagsterInstance, run_id: str) -> tuple[float, float]:
    """When a run began and ended; one that is kept no longer ended long ago."""
    record = instance.get_run_record_by_id(run_id)
    if record is None:
        return 0.0, 0.0
    return record.start_time or record.create_timestamp.timestamp(), record.end_time or 0.0


def _is_refusal(error: SerializableErrorInfo) -> bool:
    return any(one.cls_name in REFUSALS for one in _chain(error))


def _chain(error: SerializableErrorInfo) -> Iterable[SerializableErrorInfo]:
    yield error
    while error.cause is not None:
        error = error.cause
        yield error


def _last_words(error: SerializableErrorInfo) -> str:
    """Our own errors are raised as Dagster's Failure; of others the innermost says most."""
    chain = list(_chain(error))
    told = next((one for one in chain if one.cls_name == "Failure"), chain[-1])
    said = " ".join(told.message.split())
    return said.partition("Failure: ")[2] if told.cls_name == "Failure" else said


def _next_step(said: str, again: str) -> str:
    """Our own errors end in their cure."""
    _, arrow, cure = said.rpartition(" → ")
    return f"{cure}; then {again}" if arrow else again
