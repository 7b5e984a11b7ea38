"""The end of an agent whose folder is gone."""

import time
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Final

import dagster as dg

from dagster_kb.alias_moves import retire
from dagster_kb.assets.story import RETRY, clear_failures
from dagster_kb.partitions import AGENTS
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.generation import Generation

RETIRE: Final = "retire_agent"
# Retirements of one agent at one commit that fail before the sensor asks only once an hour.
QUICK_ATTEMPTS: Final = 3
FINISHED: Final = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)


class Retirement(dg.Config):
    """Whose folder is gone."""

    agent: str


@dg.op(retry_policy=RETRY)
def retire_folder(
    context: dg.OpExecutionContext,
    config: Retirement,
    folder: dg.ResourceParam[KnowledgeFolder],
    ledger: dg.ResourceParam[Ledger],
    store: dg.ResourceParam[VectorStore],
) -> None:
    """Stop serving an agent, drop its collections, and delete its partition."""
    with clear_failures():
        head = folder.head()
        if config.agent in folder.agents(head):
            context.log.info(
                "the folder of %s is back at %s: it stays", config.agent, head.sha[:12]
            )
            return
        live = ledger.generations.live(config.agent)
        if live and live.uncommitted and (folder.path / config.agent).is_dir():
            context.log.info("%s is not committed yet: it stays", config.agent)
            return
        retire(ledger, store, config.agent, f"its folder is gone at {head.sha[:12]}")
    context.instance.delete_dynamic_partition(AGENTS, config.agent)


@dg.job(name=RETIRE, description="End an agent whose folder is gone.")
def retirement() -> None:
    """One op."""
    retire_folder()


def gone_agents(
    knowledge: Path, trees: Mapping[str, str], live: Sequence[Generation], present: Set[str]
) -> list[str]:
    """Agents that are served or have a partition, and have no folder any more."""
    not_committed = {
        one.agent_id for one in live if one.uncommitted and (knowledge / one.agent_id).is_dir()
    }
    served = {one.agent_id for one in live}
    return sorted((served | present) - trees.keys() - not_committed)


def attempt_of(instance: dg.DagsterInstance, agent: str, head: str) -> str:
    """Name the next retirement: anew after each that ended, and once an hour when many failed."""
    about = {"kb/agent": agent}
    ended = instance.get_runs_count(
        dg.RunsFilter(job_name=RETIRE, tags=about, statuses=list(FINISHED))
    )
    failed = instance.get_runs_count(
        dg.RunsFilter(job_name=RETIRE, tags={**about, "kb/commit": head},
                      statuses=[dg.DagsterRunStatus.FAILURE])
    )  # fmt: skip
    return str(ended) if failed < QUICK_ATTEMPTS else f"hour-{int(time.time()) // 3600}"


def retiring(agent: str, head: str, attempt: str) -> dg.RunRequest:
    """Ask for the end of an agent; one that failed is asked for again under another key."""
    return dg.RunRequest(
        f"-{agent}@{head}+{attempt}",
        job_name=RETIRE,
        run_config=dg.RunConfig({"retire_folder": Retirement(agent=agent)}),
        tags={"kb/agent": agent, "kb/commit": head},
    )
