"""What Dagster's page of `live_alias` says is live: told anew when it was moved outside of its runs."""

from typing import Any, Final

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from dagster_kb.assets.live_alias import served_facts
from dagster_kb.assets.story import facts
from dagster_kb.links import Links
from dagster_kb.resources.ledger import Ledger
from kb_contract.generation import Generation

SERVED: Final = dg.AssetKey("live_alias")
NOTHING: Final = "nothing"


def stand_of(live: Generation | None) -> str:
    """What is live, as short as can be: a deletion by hand leaves the same generation with fewer chunks."""
    return f"{live.number} with {live.chunks}" if live else NOTHING


def newest_told(instance: dg.DagsterInstance, agent: str) -> dg.EventLogRecord | None:
    """What the page shows now."""
    wanted = dg.AssetRecordsFilter(asset_key=SERVED, asset_partitions=[agent])
    return next(iter(instance.fetch_materializations(wanted, limit=1).records), None)


def stand_told(instance: dg.DagsterInstance, agent: str) -> str:
    """Say what the page says is live."""
    record = newest_told(instance, agent)
    if record is None or record.asset_materialization is None:
        return NOTHING
    said = record.asset_materialization.metadata
    if not said["served"].value:
        return NOTHING
    return f"{said['generation'].value} with {said['dagster/row_count'].value}"


def about_newest(
    instance: dg.DagsterInstance, agent: str
) -> AssetCheckEvaluationTargetMaterializationData | None:
    """Tie a result to what the page shows; one that is tied to nothing is shown as missing."""
    record = newest_told(instance, agent)
    if record is None:
        return None
    return AssetCheckEvaluationTargetMaterializationData(
        storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp
    )


def live_told(
    ledger: Ledger, links: Links, agent: str, live: Generation | None
) -> dg.AssetMaterialization:
    """Tell what is live as a run of the asset does; and the incidents, for they say why it moved."""
    about = live or next(iter(ledger.generations.latest(agent, 1)), None)
    told: dict[str, Any] = {"served": False, "dagster/row_count": 0}
    if about:
        told |= served_facts(ledger, about) if live else {}
        told |= facts(about, links)
    version = f"generation {live.number}" if live else NOTHING
    return dg.AssetMaterialization(
        SERVED, partition=agent, tags={DATA_VERSION_TAG: version},
        description="moved outside of a run of this asset: see what is open",
        metadata={**told, **open_incidents(ledger, agent)},
    )  # fmt: skip


def open_incidents(ledger: Ledger, agent: str) -> dict[str, Any]:
    """What is open of the agent, for its page, with what to do and the runs that it came of; and its pause."""
    found = ledger.incidents.listed(agent)
    pause = ledger.incidents.paused(agent)
    paused = f"by {pause['paused_by']}: {pause['reason']} → `kb resume {agent}`" if pause else ""
    # Dagster's pages show no end of a line.
    listed = " · ".join(f"{one['incident_id']}: {one['summary']}" for one in found)
    told: dict[str, Any] = {"open_incidents": listed} if listed else {}
    for one in found:
        told[f"incident_{one['incident_id']}_next"] = one["next_step"]
        if run := one["facts"].get("dagster_run"):
            told[f"incident_{one['incident_id']}_run"] = dg.MetadataValue.dagster_run(run)
    return {**told, **({"paused": paused} if paused else {})}
