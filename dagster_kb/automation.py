"""When things run: a sensor over git, a nightly look at everything, and what failures leave."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

import dagster as dg

from dagster_kb.assets.documents import IngestRequest
from dagster_kb.partitions import AGENTS, GROUP, agents
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.retirement import attempt_of, gone_agents, retirement, retiring
from dagster_kb.settings import WriterSettings
from kb_contract.errors import BadInput
from kb_contract.identifiers import sha256_json

REFRESH: Final = "refresh_knowledge"
# More are taken at the next tick, so that a tick stays short.
RUNS_IN_A_TICK: Final = 200

refresh: Final = dg.define_asset_job(
    REFRESH, dg.AssetSelection.groups(GROUP), description="Bring one agent to what git says now."
)


def config_digest(settings: WriterSettings) -> str:
    """Digest of the settings that change what is built; a change of them is a new run."""
    return sha256_json([settings.workspace_id, settings.embedding_model, settings.chunk_tokens])[
        :12
    ]


def knowledge_sensor(settings: WriterSettings) -> dg.SensorDefinition:
    """Make the sensor; how often it looks is a setting."""
    digest = config_digest(settings)

    @dg.sensor(
        jobs=[refresh, retirement],
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="One run per agent and commit; folders that come and go are agents that do.",
    )
    def knowledge_changes(
        context: dg.SensorEvaluationContext,
        folder: dg.ResourceParam[KnowledgeFolder],
        ledger: dg.ResourceParam[Ledger],
    ) -> dg.SensorResult | dg.SkipReason:
        try:
            head = folder.head()
            trees = folder.agents(head)
        except BadInput as error:
            return dg.SkipReason(str(error))
        seen: dict[str, str] = json.loads(context.cursor or "{}")
        present = set(context.instance.get_dynamic_partitions(AGENTS))
        gone = gone_agents(folder.path, trees, ledger.generations.all_live(), present)
        attempts = {one: attempt_of(context.instance, one, head.sha) for one in gone}
        return plan_tick(head.sha, trees, seen, present, digest, attempts)

    return knowledge_changes


def plan_tick(
    head: str,
    trees: Mapping[str, str],
    seen: Mapping[str, str],
    present: set[str],
    digest: str,
    gone: Mapping[str, str],
) -> dg.SensorResult | dg.SkipReason:
    """Pure: what to run, given what git says and what was seen.

    The cursor has tree shas, not a commit: a force-push or a fresh clone cannot lose it. The run
    key has the commit, not the tree: a revert comes back to an old tree and must run again.
    """
    now = {agent: f"{tree}+{digest}" for agent, tree in trees.items()}
    changed = sorted(one for one in now if now[one] != seen.get(one) or one not in present)
    if not changed and not gone and now.keys() == seen.keys():
        return dg.SkipReason(f"nothing new at {head[:12]}")
    taken = changed[:RUNS_IN_A_TICK]
    late = set(changed[RUNS_IN_A_TICK:])
    return dg.SensorResult(
        cursor=json.dumps({one: now[one] for one in now if one not in late}, sort_keys=True),
        dynamic_partitions_requests=_new_partitions([one for one in taken if one not in present]),
        run_requests=[
            *(_refreshing(one, f"{one}@{head}+{digest}", head) for one in taken),
            *(retiring(one, head, attempt) for one, attempt in sorted(gone.items())),
        ],
    )


def _new_partitions(new: Sequence[str]) -> list[dg.AddDynamicPartitionsRequest]:
    return [agents.build_add_request(list(new))] if new else []


def _refreshing(agent: str, run_key: str, head: str) -> dg.RunRequest:
    return dg.RunRequest(
        run_key, job_name=REFRESH, partition_key=agent, tags={"kb/agent": agent, "kb/commit": head}
    )


def nightly_schedule(settings: WriterSettings) -> dg.ScheduleDefinition:
    """Make the schedule: it looks at every agent, so that what was missed is found."""

    @dg.schedule(
        job=refresh,
        cron_schedule=settings.nightly_cron,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every agent once a night; where nothing changed, nothing is done.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        day = context.scheduled_execution_time.date().isoformat()
        return [
            dg.RunRequest(f"{one}@{day}", partition_key=one, tags={"kb/agent": one})
            for one in context.instance.get_dynamic_partitions(AGENTS)
        ]

    return nightly


@dg.run_failure_sensor(
    monitored_jobs=[refresh],
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A generation whose run failed for good is given up; what is live stays live.",
)
def failed_runs(context: dg.RunFailureSensorContext, ledger: dg.ResourceParam[Ledger]) -> None:
    """Mark what a failed run held; Dagster's own retry of a crashed run takes it up instead."""
    run = context.dagster_run
    if run.tags.get("dagster/will_retry") == "true":
        return
    ledger.generations.fail_dagster_run(run.run_id, f"Dagster: {context.failure_event.message}")


def whole_run_config(*, uncommitted: bool = False, force: bool = False) -> dg.RunConfig:
    """Return the config of a whole run."""
    request = IngestRequest(uncommitted=uncommitted, force=force)
    return dg.RunConfig({"parsed_documents": request})
