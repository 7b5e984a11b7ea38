"""parsed_documents: what git says now, read; and the generation that it is staged as."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import dagster as dg

from dagster_kb.assembly import PlacedDocument
from dagster_kb.assets.story import (
    RETRY,
    Changes,
    Story,
    Told,
    compare,
    document_table,
    markdown_table,
    skipped,
    tag_with_generation,
)
from dagster_kb.intake.document_intake import DocumentIntake, Intake
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.origins import origin_of
from dagster_kb.partitions import agents
from dagster_kb.publishing.staging import Staging
from dagster_kb.resources.knowledge_folder import Revision
from dagster_kb.resources.ledger_generations import Staged
from dagster_kb.resources.progress import Progress
from dagster_kb.telemetry import Stages
from kb_contract.errors import AgentPaused

# Ignored files that are named; the count is of all.
NAMED: Final = 200
READS: Final = "reads_every_document"


class IngestRequest(dg.Config):
    """How to look at the folder."""

    uncommitted: bool = False
    """Take the files as they lie there, instead of the last commit."""
    force: bool = False
    """Make a new generation even when nothing changed."""
    deep: bool = False
    """Look at all that is served, not only at its counts; the nightly run asks for it."""


@dg.asset(
    partitions_def=agents,
    kinds={"git", "markdown", "postgres"},
    retry_policy=RETRY,
    output_required=False,  # of a paused agent nothing is made
    check_specs=[
        dg.AssetCheckSpec(
            READS,
            asset="parsed_documents",
            partitions_def=agents,
            description="Could every document be read? What could not is quarantined, the others go on.",
        )
    ],
)
def parsed_documents(
    context: dg.AssetExecutionContext,
    config: IngestRequest,
    staging: dg.ResourceParam[Staging],
    parsing: dg.ResourceParam[ParsingChildren],
    progress: dg.ResourceParam[Progress],
    story: dg.ResourceParam[Story],
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult | dg.AssetObservation]:
    """Stage a generation of what git says, and read the documents that were never read."""
    with story.of(context) as told:
        try:
            revision, staged = staging.stage(
                context.partition_key, context.run.run_id, uncommitted=config.uncommitted,
                force=config.force, deep=config.deep, origin=origin_of(context.run.tags),
            )  # fmt: skip
        except AgentPaused as held:
            found = [_reads_of_live(staging, context.partition_key, held), skipped(context, held)]
        else:
            told.stages.about(staged.generation)
            tag_with_generation(context, staged.generation)
            found = [_read(told, staging, staged, revision, parsing, progress)]
    yield from found


def _read(
    told: Told, staging: Staging, staged: Staged, revision: Revision, parsing: ParsingChildren,
    progress: Progress,
) -> dg.MaterializeResult[Any]:  # fmt: skip
    generation = staged.generation
    # Where nothing changed the live documents are the ones below: they are fetched once.
    before = {} if staged.how == "unchanged" else staging.live_documents(generation.agent_id)
    intake = _taken_in(staging, staged, revision, told.stages, parsing, progress)
    placed = {one.path: one for one in intake.documents}
    changes = compare(placed if staged.how == "unchanged" else before, placed)
    notes, noted = staging.ledger.documents.noted(generation.generation_id, NAMED)
    news = document_table(
        intake.documents, changes, notes,
        lambda path: told.links.document(path, generation.git_sha),
    )  # fmt: skip
    made = told.result(
        generation,
        version=generation.tree_sha,
        goes_on_in="extractions",
        news=news,
        **_counts(intake, changes),
        with_notes=noted,
        staged=staged.how,
        tree_sha=generation.tree_sha,
    )
    return dg.MaterializeResult(
        data_version=made.data_version,
        metadata=made.metadata,
        check_results=[_reads(intake.documents)],
    )


def _reads(documents: Sequence[PlacedDocument], why_not_now: str = "") -> dg.AssetCheckResult:
    """Say in yellow what would else stand in a table only."""
    broken = [one for one in documents if one.status == "quarantined"]
    said = (
        f"{len(broken)} of {len(documents)} are quarantined → mend them, and commit"
        if broken
        else f"all {len(documents)} could be read"
    )
    rows = [[one.path, one.reason or ""] for one in broken]
    return dg.AssetCheckResult(
        passed=not broken, check_name=READS, severity=dg.AssetCheckSeverity.WARN,
        description=f"of what is served {said}; {why_not_now}" if why_not_now else said,
        metadata={"quarantined": markdown_table(("document", "reason"), rows)} if broken else {},
    )  # fmt: skip


def _reads_of_live(staging: Staging, agent: str, held: AgentPaused) -> dg.AssetCheckResult:
    """Dagster leaves out what an asset makes, but wants each of its checks told."""
    return _reads(list(staging.live_documents(agent).values()), held.what)


def _taken_in(
    staging: Staging, staged: Staged, revision: Revision, stages: Stages,
    parsing: ParsingChildren, progress: Progress,
) -> Intake:  # fmt: skip
    generation = staged.generation
    files = staging.folder.files(revision, generation.agent_id)
    if staged.how == "unchanged":
        stages.say("unchanged", files=len(files))
        placed = staging.ledger.documents.placed(generation.generation_id)
        ignored = tuple(one.path for one in files if one.path not in placed)
        return Intake(tuple(placed.values()), 0, ignored)
    way = staging.way.of_agent(generation.manifest)
    intake = DocumentIntake(staging.ledger, way, generation.agent_id, parsing, stages).run(
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
        "documents": len(intake.documents),
        "published": _with_status(intake.documents, "published"),
        "unpublished": _with_status(intake.documents, "unpublished"),
        "quarantined": _with_status(intake.documents, "quarantined"),
        "added": len(changes.added),
        "changed": len(changes.changed),
        "removed": len(changes.removed),
        "unchanged": changes.unchanged,
        "read": intake.read,
        "ignored_files": len(intake.ignored),
        **({"ignored": "\n".join(intake.ignored[:NAMED])} if intake.ignored else {}),
    }


def _with_status(documents: tuple[PlacedDocument, ...], status: str) -> int:
    return sum(1 for one in documents if one.status == status)
