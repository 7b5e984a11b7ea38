"""What a run that somebody stopped leaves for people: an agent that is behind, and how to go on."""

import dagster as dg

from dagster_kb.resources.ledger import Ledger
from dagster_kb.upkeep.failures import BY, STOPPED, agent_of
from dagster_kb.upkeep.refreshes import is_whole
from dagster_kb.upkeep.taking_over import end_stopped, end_stopped_before, later_runs


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.CANCELED,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends in the ledger what was stopped; says that its agent stays as it is, and how to go on.",
)
def stopped_runs(
    context: dg.RunStatusSensorContext, ledger: dg.ResourceParam[Ledger]
) -> dg.SkipReason | None:
    """The sensor over git saw this commit already, so nobody else would bring it."""
    end_stopped(context.instance, ledger, context.dagster_run)
    end_stopped_before(context.instance, ledger, context.dagster_run)
    number = tell_stopped(context.instance, ledger, context.dagster_run)
    return None if number else dg.SkipReason("nothing waits for the run that was stopped")


def tell_stopped(
    instance: dg.DagsterInstance, ledger: Ledger, stopped: dg.DagsterRun
) -> int | None:
    """Open an incident, unless it went live before it was stopped or another run came after it."""
    agent = agent_of(stopped)
    if agent is None or not is_whole(stopped) or later_runs(instance, stopped):
        return None
    generation = ledger.generations.of_dagster_run(stopped.run_id)
    if generation and generation.state == "live":
        return None
    number = generation.number if generation else None
    what = f"generation {number} was not finished" if number else "it had staged nothing yet"
    return ledger.incidents.open(
        agent, STOPPED,
        f"run {stopped.run_id[:8]} was stopped before it went live ({what}); what was served stays",
        f"`kb ingest --agent {agent}`, or materialize the agent's partition: it goes on where it "
        "was stopped; else the nightly run or the next commit brings it",
        facts={"dagster_run": stopped.run_id, "job": stopped.job_name},
        generation_id=generation.generation_id if generation else None, by=BY,
    )  # fmt: skip
