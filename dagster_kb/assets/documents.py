"""parsed_documents: what git says now, read; and the generation that it is staged as."""

import time
from typing import Any, Final

import dagster as dg

from dagster_kb.assembly import PlacedDocument
from dagster_kb.assets.story import (
    RETRY,
    Changes,
    asset_stages,
    clear_failures,
    compare,
    document_table,
    facts,
    next_asset,
)
from dagster_kb.document_intake import DocumentIntake, Intake
from dagster_kb.partitions import GROUP, OWNERS, agents
from dagster_kb.resources.knowledge_folder import Revision
from dagster_kb.resources.ledger_generations import Staged
from dagster_kb.resources.progress import Progress
from dagster_kb.staging import Staging
from dagster_kb.telemetry import Stages, Telemetry

# Ignored files that are named; the count is of all.
NAMED: Final = 200


class IngestRequest(dg.Config):
    """How to look at the folder."""

    uncommitted: bool = False
    """Take the files as they lie there, instead of the last commit."""
    force: bool = False
    """Make a new generation even when nothing changed."""


@dg.asset(
    partitions_def=agents,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"git", "markdown", "postgres"},
    code_version="1",
    retry_policy=RETRY,
)
def parsed_documents(
    context: dg.AssetExecutionContext,
    config: IngestRequest,
    staging: dg.ResourceParam[Staging],
    progress: dg.ResourceParam[Progress],
    telemetry: dg.ResourceParam[Telemetry],
) -> dg.MaterializeResult[Any]:
    """Stage a generation of what git says, and read the documents that were never read."""
    began = time.perf_counter()
    agent = context.partition_key
    with clear_failures(), asset_stages(telemetry, context) as stages:
        revision = staging.revision(agent, uncommitted=config.uncommitted)
        staged = staging.stage(agent, revision, context.run.run_id, force=config.force)
        stages.about(staged.generation)
        before = staging.live_documents(agent)
        intake = _taken_in(staging, staged, revision, stages, progress)
    placed = {one.path: one for one in intake.documents}
    changes = compare(placed if staged.how == "unchanged" else before, placed)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(staged.generation.tree_sha),
        metadata={
            **_counts(intake, changes),
            **facts(staged.generation),
            "tree_sha": staged.generation.tree_sha,
            "staged": staged.how,
            "seconds": time.perf_counter() - began,
            **next_asset("chunks"),
        },
    )


def _taken_in(
    staging: Staging, staged: Staged, revision: Revision, stages: Stages, progress: Progress
) -> Intake:
    generation = staged.generation
    files = staging.folder.files(revision, generation.agent_id)
    if staged.how == "unchanged":
        stages.say("unchanged", files=len(files))
        placed = staging.ledger.documents.placed(generation.generation_id)
        ignored = tuple(one.path for one in files if one.path not in placed)
        return Intake(tuple(placed.values()), 0, ignored)
    intake = DocumentIntake(staging.ledger, staging.way, generation.agent_id, stages).run(
        files,
        staging.folder.read,
        lambda done, total: progress(generation.agent_id, "reading", done, total),
    )
    staging.ledger.documents.place(generation, intake.documents)
    for one in intake.documents:
        if one.status == "quarantined":
            stages.say("quarantined", path=one.path, reason=one.reason)
    return intake


def _counts(intake: Intake, changes: Changes) -> dict[str, Any]:
    return {
        "dagster/row_count": len(intake.documents),
        "published": _with_status(intake.documents, "published"),
        "unpublished": _with_status(intake.documents, "unpublished"),
        "quarantined": _with_status(intake.documents, "quarantined"),
        "added": len(changes.added),
        "changed": len(changes.changed),
        "removed": len(changes.removed),
        "unchanged": changes.unchanged,
        "read": intake.read,
        "ignored_files": len(intake.ignored),
        "ignored": dg.MetadataValue.json(list(intake.ignored[:NAMED])),
        "documents": document_table(intake.documents, changes),
    }


def _with_status(documents: tuple[PlacedDocument, ...], status: str) -> int:
    return sum(1 for one in documents if one.status == status)
