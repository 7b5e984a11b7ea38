"""What each asset tells about a run: the same facts in the same words everywhere."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import dagster as dg

from dagster_kb.assembly import PlacedDocument
from dagster_kb.telemetry import Stages, Telemetry
from kb_contract.errors import ScriptoriumError, Unavailable
from kb_contract.generation import Generation

RETRY: Final = dg.RetryPolicy(
    max_retries=3, delay=10, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
_ROWS: Final = 200


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


def facts(generation: Generation) -> dict[str, Any]:
    """Say which generation this is about."""
    return {
        "agent": generation.agent_id,
        "generation": generation.number,
        "state": generation.state,
        "git_sha": generation.git_sha,
        "uncommitted": generation.uncommitted,
        "pipeline_run": generation.run_id or "",
    }


def next_asset(key: str) -> dict[str, Any]:
    """Link to the page of the asset that comes next."""
    return {"goes_on_in": dg.MetadataValue.asset(dg.AssetKey(key))}


def document_table(documents: Sequence[PlacedDocument], changes: Changes) -> dg.MetadataValue[Any]:
    """List the documents that are news: changed, broken, or held back."""
    news = {**dict.fromkeys(changes.added, "added"), **dict.fromkeys(changes.changed, "changed")}
    rows = [
        [one.path, news.get(one.path, "unchanged"), one.status, one.reason or ""]
        for one in documents
        if one.path in news or one.status != "published"
    ] + [[path, "removed", "", ""] for path in changes.removed]
    return markdown_table(("document", "change", "status", "reason"), rows)


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
def asset_stages(
    telemetry: Telemetry, context: dg.AssetExecutionContext, *, last: bool = False
) -> Generator[Stages]:
    """Log and span of an asset's work, with the ids of its run."""
    name = context.asset_key.to_user_string()
    run = context.run
    with telemetry.asset(
        name, context.log, run.run_id, context.partition_key, run.tags, last=last
    ) as stages:
        yield stages


@contextmanager
def clear_failures() -> Generator[None]:
    """What a person must mend fails at once with its cure; what may pass is tried again."""
    try:
        yield
    except Unavailable:
        raise
    except ScriptoriumError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
