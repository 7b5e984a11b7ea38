"""When things run: a sensor over git, a nightly look at everything, and what failures leave."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import dagster as dg

from dagster_kb.assets.collection import collection
from dagster_kb.assets.documents import IngestRequest
from dagster_kb.assets.extractions import ExtractionRequest
from dagster_kb.assets.live_alias import live_alias
from dagster_kb.origins import Origin
from dagster_kb.partitions import AGENTS, CHECK, GROUP, agents
from dagster_kb.readers.formats import VERSIONS
from dagster_kb.readers.reading import reader_id
from dagster_kb.resources.knowledge_folder import KnowledgeFolder, Revision
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.remote_repository import FetchTooSlow
from dagster_kb.settings import WriterSettings
from dagster_kb.triggers.fetching import fetch_request, fetching
from dagster_kb.triggers.knowledge_tick import COMMIT, REFRESH, Demand, Sight, plan_tick
from dagster_kb.triggers.pushes import Pushes
from dagster_kb.triggers.second_tries import (
    CUT,
    TRANSIENT,
    WITHIN,
    due_again,
    held_up,
    is_cut_again,
    may_pass,
)
from dagster_kb.upkeep.evaluations import answers_well
from dagster_kb.upkeep.failures import agent_of, open_incident, ran_too_long
from dagster_kb.upkeep.looks import skips_what_is_away
from dagster_kb.upkeep.refreshes import FINISHED, PARTITION, being_built, is_refresh
from dagster_kb.upkeep.retirement import (
    RETIRE,
    Departures,
    Leaving,
    attempt_of,
    retirement,
)
from dagster_kb.upkeep.taking_over import end_stopped_before
from kb_contract.errors import BadInput, Unavailable
from kb_contract.identifiers import sha256_json

# A tick has 60 s in all; what takes longer to fetch is fetched by a run.
FETCH_IN_A_TICK: Final = 15.0

# What was measured is told when it is measured; a step for it in every run would only cost.
_WHOLE: Final = dg.AssetSelection.groups(GROUP) - dg.AssetSelection.checks(answers_well)
refresh: Final = dg.define_asset_job(
    REFRESH, _WHOLE, description="Bring one agent to what git says now."
)

checking: Final = dg.define_asset_job(
    CHECK,
    # The others are looked at by the work itself, and cannot be asked without it.
    dg.AssetSelection.checks_for_assets(collection, live_alias),
    # A job without assets gets its partitions from its config only.
    config=dg.PartitionedConfig(agents, run_config_for_partition_key_fn=lambda _: {}),
    description="Ask every check of one agent, and build nothing.",
)


def config_digest(settings: WriterSettings) -> str:
    """Digest of the settings and readers that change what is built; a change of them is a new run."""
    return sha256_json([
        settings.workspace_id, settings.embedding, settings.chunk_tokens, settings.pdf_ocr,
        reader_id(settings.chunk_tokens), VERSIONS,
    ])[:12]  # fmt: skip


def knowledge_sensor(settings: WriterSettings) -> dg.SensorDefinition:
    """Make the sensor; how often it looks is a setting."""
    digest = config_digest(settings)

    @dg.sensor(
        jobs=[refresh, retirement, fetching],
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="One run per agent and commit; folders that come and go are agents that do.",
    )
    @skips_what_is_away
    def knowledge_changes(
        context: dg.SensorEvaluationContext,
        folder: dg.ResourceParam[KnowledgeFolder],
        ledger: dg.ResourceParam[Ledger],
    ) -> dg.SensorResult | dg.SkipReason:
        try:
            head = folder.head(FETCH_IN_A_TICK)
            trees = folder.agents(head)
        except FetchTooSlow as slow:
            return fetch_request(context.instance, slow)
        except (BadInput, Unavailable) as error:
            return dg.SkipReason(str(error))
        sight = Sight(
            head.sha, trees, json.loads(context.cursor or "{}"),
            set(context.instance.get_dynamic_partitions(AGENTS)), digest,
            {one: str(row["reason"]) for one, row in ledger.incidents.all_paused().items()},
        )  # fmt: skip
        pushes = Pushes.now(
            ledger.triggers, context.instance, lambda sha: folder.reaches(head, sha)
        )  # fmt: skip
        departures = Departures(ledger, folder, settings.retire_grace_hours)
        leaving = departures.leaving(head, sight.present)
        waits = [*leaving.reasons, *_no_agents(folder, head)]
        tick = plan_tick(sight, _demand(context.instance, ledger, sight, pushes, leaving, waits))
        if not tick.run_requests:
            pushes.settle_without_runs(head.sha)
        elif waits:
            context.log.warning("%s", "; ".join(waits))
        return tick

    return knowledge_changes


def _demand(
    instance: dg.DagsterInstance, ledger: Ledger, sight: Sight, pushes: Pushes, leaving: Leaving,
    waits: Sequence[str],
) -> Demand:  # fmt: skip
    now = datetime.fromtimestamp(time.time(), UTC)
    among = (sight.trees.keys() & sight.present) - sight.paused.keys()
    return Demand(
        gone={one: attempt_of(instance, one, sight.head) for one in _ended_now(instance, leaving)},
        waits=waits,
        earlier=_ended_runs(instance, sight.head) if sight.changed() else {},
        again={**due_again(instance, among, now),
               **held_up(instance, among, ledger.incidents.resumed(now - WITHIN))},
        origin=pushes.origin,
        tags=pushes.tags,
    )  # fmt: skip


def _ended_now(instance: dg.DagsterInstance, leaving: Leaving) -> list[str]:
    """Leave those out that a run may bring for the first time: without their partition it would fail."""
    unserved = set(leaving.now) - leaving.served
    building = being_built(instance) & unserved if unserved else set[str]()
    return [one for one in leaving.now if one not in building]


def _no_agents(folder: KnowledgeFolder, head: Revision) -> list[str]:
    """Say which folders are none, and why: whoever committed one waits for it."""
    return [f"{one} is no agent: {why}" for one, why in sorted(folder.refused(head).items())]


def _ended_runs(instance: dg.DagsterInstance, head: str) -> dict[str, str]:
    """Find the last run of each agent; the next one at the same commit needs a key of its own."""
    found: dict[str, str] = {}
    at_head = dg.RunsFilter(job_name=REFRESH, tags={COMMIT: head}, statuses=list(FINISHED))
    for one in instance.get_runs(at_head):  # newest first
        found.setdefault(one.tags.get(PARTITION, ""), one.run_id)
    return found


def nightly_schedule(settings: WriterSettings) -> dg.ScheduleDefinition:
    """Make the schedule: it looks at every agent, so that what was missed is found."""

    @dg.schedule(
        name="refresh_nightly",
        job=refresh,
        cron_schedule=settings.nightly_cron,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every agent once a night; where nothing changed, nothing is done.",
    )
    @skips_what_is_away
    def nightly(
        context: dg.ScheduleEvaluationContext,
        folder: dg.ResourceParam[KnowledgeFolder],
        ledger: dg.ResourceParam[Ledger],
    ) -> list[dg.RunRequest] | dg.SkipReason:
        at = context.scheduled_execution_time.isoformat()
        try:
            committed = folder.agents(folder.head(FETCH_IN_A_TICK))
        except (BadInput, Unavailable) as error:
            return dg.SkipReason(f"{error}; the sensor brings what changed")
        known = set(context.instance.get_dynamic_partitions(AGENTS))
        paused = sorted(ledger.incidents.all_paused().keys() & known)
        if paused:
            context.log.info("paused, so left alone: %s", ", ".join(paused))
        # Ingested from a working tree only, or about to end: a run would find no folder of theirs.
        if away := sorted(known - committed.keys()):
            context.log.info("no committed folder, so left alone: %s", ", ".join(away))
        deep = whole_run_config(deep=True)
        tags = Origin("schedule", "nightly").tags()
        return [
            dg.RunRequest(f"{one}@{at}", partition_key=one, run_config=deep,
                          tags={"kb/agent": one, **tags})
            for one in sorted(known & committed.keys()) if one not in paused
        ] or dg.SkipReason(f"no agent to look at; paused: {', '.join(paused) or 'none'}")  # fmt: skip

    return nightly


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A generation whose run failed for good is given up; what is live stays live.",
)
def failed_runs(context: dg.RunFailureSensorContext, ledger: dg.ResourceParam[Ledger]) -> None:
    """Give up what a failed run held, unless it may pass: then the next run takes it over."""
    run = context.dagster_run
    ours = is_refresh(run) or run.job_name == RETIRE
    if not ours or run.tags.get("dagster/will_retry") == "true":
        return
    why = f"Dagster: {context.failure_event.message}"
    cut = ran_too_long(context.failure_event.message)
    if cut:
        context.instance.add_run_tags(run.run_id, {CUT: "yes"})
    again = cut and is_cut_again(context.instance, run)
    if (cut and not again) or may_pass(context.get_step_failure_events()):
        context.instance.add_run_tags(run.run_id, {TRANSIENT: "yes"})
        ledger.triggers.note_trouble(run.run_id, why)
    else:
        if not cut:  # else the next run goes on with what it held
            ledger.generations.fail_dagster_run(run.run_id, why)
            end_stopped_before(context.instance, ledger, run)
        number = open_incident(
            ledger, run, context.failure_event.message or "", context.get_step_failure_events()
        )
        if number is not None:
            context.log.error("incident %d: see `kb incidents %s`", number, agent_of(run))


def whole_run_config(
    *,
    uncommitted: bool = False,
    force: bool = False,
    deep: bool = False,
    extract: bool = False,
    approved: bool = False,
) -> dg.RunConfig:
    """Return the config of a whole run."""
    request = IngestRequest(uncommitted=uncommitted, force=force, deep=deep)
    extraction = ExtractionRequest(extract=extract, approved=approved, again=force)
    return dg.RunConfig({"parsed_documents": request, "extractions": extraction})
