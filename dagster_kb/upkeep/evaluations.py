"""What measurements found of an agent's answers, on the page of what it serves."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import dagster as dg

from dagster_kb.assets.story import RETRY, clear_failures
from dagster_kb.partitions import agent_of_check, agents
from dagster_kb.resources.ledger import Ledger
from dagster_kb.upkeep.live_told import about_newest

SERVED: Final = "live_alias"
ANSWERS_WELL: Final = "answers_well"
TELL: Final = "tell_evaluation"
_ASKS: Final = (
    "The last `kb eval answers` of this agent found no figure worse than the one before it."
)


class Told(dg.Config):
    """Which measurement is to be told."""

    evaluation_id: int


@dg.asset_check(
    asset=SERVED, name=ANSWERS_WELL, description=_ASKS, partitions_def=agents, retry_policy=RETRY
)
def answers_well(
    context: dg.AssetCheckExecutionContext, ledger: dg.ResourceParam[Ledger]
) -> dg.AssetCheckResult:
    """Show the newest measurement; it stops nothing."""
    agent = agent_of_check(context)
    with clear_failures():
        return dg.AssetCheckResult(**newest_verdict(ledger, agent))


def newest_verdict(ledger: Ledger, agent: str) -> dict[str, Any]:
    """Say what the newest measurement found; that there was none is yellow."""
    row = ledger.database.one("newest_evaluation", workspace=ledger.workspace, agent=agent)
    if row is not None:
        return verdict(row)
    said = f"never measured → `kb eval answers --data FILE --agent {agent}`"
    return {"passed": False, "severity": dg.AssetCheckSeverity.WARN, "description": said}


@dg.op(retry_policy=RETRY, description="Tells what a measurement found, as a check of live_alias.")
def look_at_evaluation(
    context: dg.OpExecutionContext, config: Told, ledger: dg.ResourceParam[Ledger]
) -> Iterator[dg.AssetCheckEvaluation | dg.AssetObservation | dg.Output[None]]:
    """Tell it twice: as a check that is green or yellow, and as figures that are plotted."""
    with clear_failures():
        row = ledger.database.one(
            "evaluation", workspace=ledger.workspace, evaluation=config.evaluation_id
        )
    if row is not None and row["agent_id"]:
        said = verdict(row)
        yield dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(SERVED),
            check_name=ANSWERS_WELL,
            partition=row["agent_id"],
            target_materialization_data=about_newest(context.instance, row["agent_id"]),
            **said,
        )
        yield dg.AssetObservation(SERVED, partition=row["agent_id"], metadata=said["metadata"])
    yield dg.Output(None)


@dg.job(name=TELL, description="Tells what a measurement of an agent's answers found.")
def evaluation_job() -> None:
    """One op."""
    look_at_evaluation()


def tell_evaluation(
    definitions: dg.Definitions, instance: dg.DagsterInstance, evaluation: int
) -> bool:
    """Run the job here; Dagster keeps one result per check, partition and run, so a run it is."""
    config = dg.RunConfig(
        {"look_at_evaluation": Told(evaluation_id=evaluation)},
        loggers={"console": {"config": {"log_level": "CRITICAL"}}},
    )
    result = definitions.resolve_job_def(TELL).execute_in_process(
        instance=instance, run_config=config, raise_on_error=False
    )
    return result.success


def verdict(row: Mapping[str, Any]) -> dict[str, Any]:
    """Say whether it is as good as before, with every figure that can be plotted."""
    worse = {name: one for name, one in row["differences"].items() if one["verdict"] == "worse"}
    figures = {name: value for name, value in row["figures"].items()
               if isinstance(value, int | float)}  # fmt: skip
    times: Mapping[str, float] = row["figures"].get("latency_ms") or {}
    told = ", ".join(
        f"{name} {value:.2f}" for name, value in figures.items() if isinstance(value, float)
    )
    fell = "; ".join(f"{name} fell from {one['before']:.2f} to {one['now']:.2f}, more than chance"
                     for name, one in worse.items())  # fmt: skip
    return {
        "passed": not worse,
        "severity": dg.AssetCheckSeverity.WARN,
        "description": f"{fell} → see `kb eval history --agent {row['agent_id']}`" if worse else told,
        "metadata": {
            **figures, **{f"latency_ms_{name}": value for name, value in times.items()},
            # As text: these are no lines of a plot.
            "data": row["data"], "evaluation": str(row["evaluation_id"]),
            "of_generation": str(row["generation"] or ""), "of_commit": row["git_sha"] or "",
        },
    }  # fmt: skip
