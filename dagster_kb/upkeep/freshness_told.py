"""Tells how agents stand, and what of them is live, where Dagster's pages say otherwise."""

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import closing
from typing import Final

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from psycopg.errors import LockNotAvailable

from dagster_kb.assets.story import RETRY, Story, clear_failures
from dagster_kb.partitions import AGENTS
from dagster_kb.publishing.alias_moves import Reconciled, led_to
from dagster_kb.publishing.made_again import serve_again
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.ledger import Ledger, open_ledger
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.settings import WriterSettings
from dagster_kb.upkeep.evaluations import ANSWERS_WELL, newest_verdict
from dagster_kb.upkeep.freshness import FRESH, POINTS, SERVED, Look, Standing
from dagster_kb.upkeep.live_told import about_newest, live_told, stand_of, stand_told
from dagster_kb.upkeep.looks import skips_what_is_away
from dagster_kb.upkeep.refreshes import being_built

TELL: Final = "tell_freshness"
# A look costs two git commands and a few queries for all agents together.
LOOK_SECONDS: Final = 60
# What could not be put right is tried again so often.
AGAIN_SECONDS: Final = 600
LOCK_PATIENCE: Final = 1
# Checks of `live_alias` that are never left without a result.
TOLD: Final = (FRESH, POINTS, ANSWERS_WELL)
Told = dg.AssetMaterialization | dg.AssetCheckEvaluation | dg.Output[None]


class News(dg.Config):
    """Agents whose standing is to be told."""

    agents: list[str]


def freshness_job(settings: WriterSettings) -> dg.JobDefinition:
    """Make the job that tells how some agents stand, all in one process.

    Dagster keeps one result per check, partition and run, and of results without a run the very
    first only; so a run it is.
    """

    @dg.op(retry_policy=RETRY, description="Tells how agents stand, and what of them is live.")
    def look_at_agents(
        context: dg.OpExecutionContext,
        config: News,
        folder: dg.ResourceParam[KnowledgeFolder],
        ledger: dg.ResourceParam[Ledger],
        store: dg.ResourceParam[VectorStore],
        story: dg.ResourceParam[Story],
    ) -> Iterator[Told]:
        with clear_failures():
            look = Look.at(folder, ledger, store, settings.fresh_within_minutes)
            found = [(agent, look.standings(agent)) for agent in config.agents]
            silent = without_result(context.instance, ANSWERS_WELL).keys() & set(config.agents)
            measured = [(agent, newest_verdict(ledger, agent)) for agent in sorted(silent)]
        for agent, standings in found:
            live = look.live.get(agent)
            if stand_told(context.instance, agent) != stand_of(live):
                yield live_told(ledger, story.links, agent, live)
            for name, standing in standings.items():
                yield evaluation(context.instance, agent, name, standing)
        for agent, verdict in measured:
            yield dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(SERVED), check_name=ANSWERS_WELL, partition=agent,
                target_materialization_data=about_newest(context.instance, agent), **verdict,
            )  # fmt: skip
        with clear_failures():
            for said in put_right(ledger, store, found, context.instance):
                context.log.warning("%s", said)
        yield dg.Output(None)

    @dg.job(name=TELL, description="Tells how agents stand whose standing changed.")
    def tell_freshness() -> None:
        look_at_agents()

    return tell_freshness


def put_right(
    ledger: Ledger, store: VectorStore, found: Sequence[tuple[str, Mapping[str, Standing]]],
    instance: dg.DagsterInstance,
) -> Iterator[str]:  # fmt: skip
    """Put aliases back that were moved or lost, with what they led to; the next look tells that they are right again.

    A run that is under way moves them itself, and whoever has an agent's lock may hold it for long.
    """
    wrong = [agent for agent, standings in found if standings[POINTS].state == "wrong"]
    if not wrong:
        return
    busy = being_built(instance)
    failed: list[Exception] = []
    hasty = open_ledger(ledger.database.url, ledger.workspace, lock_patience=LOCK_PATIENCE)
    with closing(hasty.database):
        for agent in wrong:
            try:
                done = _led_back(hasty, store, agent, busy)
            except LockNotAvailable:
                continue
            except Exception as error:  # noqa: BLE001 - raised below, when the others are right
                failed.append(error)
                continue
            if done:
                yield f"the aliases of {agent}: {done.action} ({done.collection or 'nothing is live'})"
    if failed:
        raise ExceptionGroup("aliases are still wrong", failed)


def _led_back(ledger: Ledger, store: VectorStore, agent: str, busy: Set[str]) -> Reconciled | None:
    led = led_to(ledger, agent)
    owner = led.agent_id if led else agent
    return None if owner in busy else serve_again(ledger, store, owner)


def freshness_sensor(settings: WriterSettings, job: dg.JobDefinition) -> dg.SensorDefinition:
    """Make the sensor that sees when an agent's standing, or what of it is live, changes."""

    @dg.sensor(
        job=job,
        minimum_interval_seconds=max(LOOK_SECONDS, settings.sensor_seconds),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sees when an agent falls behind git or catches up; loads no model.",
    )
    @skips_what_is_away
    def freshness(
        context: dg.SensorEvaluationContext,
        folder: dg.ResourceParam[KnowledgeFolder],
        ledger: dg.ResourceParam[Ledger],
        store: dg.ResourceParam[VectorStore],
    ) -> dg.SensorResult | dg.SkipReason:
        look = Look.at(folder, ledger, store.hasty, settings.fresh_within_minutes)
        present = set(context.instance.get_dynamic_partitions(AGENTS))
        return news(look, present, json.loads(context.cursor or "{}"), context.instance)

    return freshness


def news(
    look: Look, present: Set[str], told: Mapping[str, list[str]], instance: dg.DagsterInstance
) -> dg.SensorResult | dg.SkipReason:
    """Ask for what stands otherwise than was told last; the cursor keeps what was told."""
    silent = without_result(instance)
    now = {one: [*(_worded(check, look.now) for check in look.standings(one).values()),
                 stand_of(look.live.get(one)), silent.get(one, "")] for one in present}  # fmt: skip
    changed = {one for one in present if now[one][:-2] != told.get(one, [])[:-2]}
    # A run that makes an agent live tells so itself; what else moves names tells Dagster nothing.
    moved = {one for one in present - changed
             if now[one][-2] != told[one][-2] and stand_told(instance, one) != now[one][-2]}  # fmt: skip
    unsaid = {one for one in present - changed if now[one][-1] not in ("", told[one][-1])}
    again = changed | moved | unsaid
    if not again and now == told:
        return dg.SkipReason(f"{len(now)} agents stand as they did")
    config = dg.RunConfig({"look_at_agents": News(agents=sorted(again))})
    return dg.SensorResult(
        cursor=json.dumps(now, sort_keys=True),
        run_requests=[dg.RunRequest(run_config=config)] if again else [],
    )


def _worded(standing: Standing, now: float) -> str:
    """Its state; what is wrong becomes news again after a while."""
    tries = f" {now // AGAIN_SECONDS:.0f}" if standing.state == "wrong" else ""
    return standing.state + tries


def without_result(instance: dg.DagsterInstance, *checks: str) -> dict[str, str]:
    """Agents of which a run that ended left a check without a result: it is red, and says nothing."""
    keys = [dg.AssetCheckKey(dg.AssetKey(SERVED), name) for name in checks or TOLD]
    planned = [
        one for one in instance.event_log_storage.get_asset_check_partition_info(keys)
        if one.latest_execution_status is AssetCheckExecutionRecordStatus.PLANNED
    ]  # fmt: skip
    ended = _ended(instance, {one.latest_planned_run_id for one in planned})
    return {str(one.partition_key): one.latest_planned_run_id
            for one in planned if one.latest_planned_run_id in ended}  # fmt: skip


def _ended(instance: dg.DagsterInstance, run_ids: Set[str]) -> set[str]:
    if not run_ids:
        return set()
    runs = instance.get_runs(dg.RunsFilter(run_ids=sorted(run_ids)))
    return {one.run_id for one in runs if one.is_finished}


def evaluation(
    instance: dg.DagsterInstance, agent: str, name: str, standing: Standing
) -> dg.AssetCheckEvaluation:
    """One line in the history of a check, tied to what it is about, or the page shows it as missing."""
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(SERVED),
        check_name=name,
        partition=agent,
        passed=standing.passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=standing.said,
        metadata=standing.facts,
        target_materialization_data=about_newest(instance, agent),
    )
