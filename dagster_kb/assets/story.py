"""What each asset tells about a run: the same facts in the same words everywhere."""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster_shared.error import DagsterError

from dagster_kb.assembly import PlacedDocument
from dagster_kb.links import Links
from dagster_kb.origins import PAUSED, SKIPPED, tags_of_work
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_books import pays_for_vectors
from dagster_kb.telemetry import Stages, Telemetry
from kb_contract.errors import AgentPaused, NotServed, ScriptoriumError, Unavailable
from kb_contract.generation import Generation

RETRY: Final = dg.RetryPolicy(
    max_retries=3, delay=10, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
_ROWS: Final = 200
SKIPPED_FACT: Final = "skipped"


class Stopped(DagsterError, DagsterExecutionInterruptedError):
    """Somebody terminated the run: Dagster tries interrupted steps again, but none of its own errors."""


@dataclass(frozen=True)
class Changes:
    """Paths by what happened to them since what is live."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int

    @property
    def touched(self) -> int:
        return len(self.added) + len(self.changed) + len(self.removed)


def compare(old: Mapping[str, PlacedDocument], new: Mapping[str, PlacedDocument]) -> Changes:
    """Compare two generations' documents by path and bytes."""
    both = old.keys() & new.keys()
    changed = tuple(sorted(path for path in both if old[path].blob_sha != new[path].blob_sha))
    return Changes(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=changed,
        removed=tuple(sorted(old.keys() - new.keys())),
        unchanged=len(both) - len(changed),
    )


@dataclass(frozen=True)
class Told:
    """The work of one asset in one run; what it found becomes a result in `result`."""

    ledger: Ledger
    links: Links
    context: dg.AssetExecutionContext
    stages: Stages
    began: float = field(default_factory=time.perf_counter)

    def generation(self) -> Generation:
        """What this run works on; materialised alone, an asset takes the agent's newest."""
        generation = generation_of_run(self.ledger, self.context)
        self.stages.about(generation)
        return generation

    def result(
        self,
        generation: Generation,
        *,
        version: str,
        goes_on_in: str | None = None,
        **found: Any,
    ) -> dg.MaterializeResult[Any]:
        """First what was found (nothing of what is empty), then which generation it is about, then where it goes on."""
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version),
            metadata={
                **{name: value for name, value in found.items() if value != ""},
                "seconds": round(time.perf_counter() - self.began, 3),
                **facts(generation, self.links),
                **(next_asset(goes_on_in) if goes_on_in else {}),
            },
        )


@dataclass(frozen=True)
class Story:
    """Opens the work of an asset: its log and span, its clear failures, its result."""

    ledger: Ledger
    telemetry: Telemetry
    links: Links = field(default_factory=Links)

    @contextmanager
    def of(self, context: dg.AssetExecutionContext, *, last: bool = False) -> Generator[Told]:
        """One asset of one run; the last one of a run sends the spans off."""
        name, run = context.asset_key.to_user_string(), context.run
        with (
            clear_failures(),
            pays_for_vectors(context.partition_key, run.run_id),
            self.telemetry.asset(
                name, context.log, run.run_id, context.partition_key, run.tags, last=last
            ) as stages,
        ):
            yield Told(self.ledger, self.links, context, stages)


def generation_of_run(ledger: Ledger, context: dg.AssetExecutionContext) -> Generation:
    """What this run works on; materialised alone, an asset takes the agent's newest generation."""
    generation = ledger.generations.of_run(context.partition_key, context.run.run_id)
    if generation is None:
        raise NotServed(
            "no generation was ever staged",
            where=context.partition_key,
            cure="materialise `parsed_documents` first, or run `kb ingest`",
        )
    return generation


def tag_with_generation(context: dg.AssetExecutionContext, generation: Generation) -> None:
    """Let runs be found by whose knowledge they are about, however they were launched."""
    context.instance.add_run_tags(context.run.run_id, tags_of_work(generation, context.run.tags))


def skipped(context: dg.AssetExecutionContext, held: AgentPaused) -> dg.AssetObservation:
    """End the run early and well: nothing is made here, so all that comes after is left out."""
    context.log.warning("skipped: %s", held)
    context.instance.add_run_tags(context.run.run_id, {SKIPPED: PAUSED})
    return dg.AssetObservation(
        context.asset_key, partition=context.partition_key, description=f"skipped: {held}",
        metadata={SKIPPED_FACT: held.what, "next_step": held.cure},
    )  # fmt: skip


def facts(generation: Generation, links: Links | None = None) -> dict[str, Any]:
    """Say which generation this is about, and where to look at it."""
    links = links or Links()
    owners = ", ".join(generation.manifest.get("owners") or ())
    return {
        "agent": generation.agent_id,
        **({"owners": owners} if owners else {}),
        "generation": generation.number,
        "state": generation.state,
        "git_sha": links.commit(generation),
        "uncommitted": generation.uncommitted,
        **links.generations(generation.agent_id),
        "pipeline_run": generation.run_id or "",
    }


def next_asset(key: str) -> dict[str, Any]:
    """Link to the page of the asset that comes next."""
    return {"goes_on_in": dg.MetadataValue.asset(dg.AssetKey(key))}


def document_table(
    documents: Sequence[PlacedDocument],
    changes: Changes,
    notes: Mapping[str, Sequence[str]],
    shown: Callable[[str], str] = str,
) -> dg.MetadataValue[Any]:
    """List the documents that are news: changed, broken, held back, or not served whole; what is broken first."""
    news = {**dict.fromkeys(changes.added, "added"), **dict.fromkeys(changes.changed, "changed")}
    rows = [
        [shown(one.path), news.get(one.path, "unchanged"), one.status, one.reason or "",
         "; ".join(notes.get(one.path, ()))]
        for one in sorted(documents, key=lambda one: (one.status != "quarantined", one.path))
        if one.path in news or one.status != "published" or one.path in notes
    ] + [[path, "removed", "", "", ""] for path in changes.removed]  # fmt: skip
    return markdown_table(("document", "change", "status", "reason", "notes"), rows)


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> dg.MetadataValue[Any]:
    """Make a table that Dagster's page shows as one."""
    lines = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    lines += [f"| {' | '.join(_cell(one) for one in row)} |" for row in rows[:_ROWS]]
    if len(rows) > _ROWS:
        lines.append(f"\n… and {len(rows) - _ROWS} more")
    return dg.MetadataValue.md("\n".join(lines) if rows else "nothing")


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


@contextmanager
def clear_failures() -> Generator[None]:
    """What a person must mend, or stopped, ends at once; what may pass is tried again."""
    try:
        yield
    except Unavailable:
        raise
    except ScriptoriumError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    except DagsterExecutionInterruptedError as stop:
        raise Stopped("the run was terminated; what was done is kept for the next one") from stop
