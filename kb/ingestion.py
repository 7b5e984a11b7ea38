"""Runs of the writer's job in this process, on the real Dagster instance."""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final

import dagster as dg
from qdrant_client.http.exceptions import ApiException

from dagster_kb.assets.documents import NAMED
from dagster_kb.assets.extractions import EXTRACTIONS, WITHOUT
from dagster_kb.partitions import AGENTS
from dagster_kb.publishing.alias_moves import is_withdrawn
from dagster_kb.publishing.staging import Staging
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_database import Row
from dagster_kb.triggers.automation import REFRESH, whole_run_config
from dagster_kb.upkeep.retirement import RETIRE, retiring
from kb.command_runs import tags_of_command
from kb.job_in_process import JobInProcess
from kb.run_results import extraction_of, fact_of, problem_of, skipped_of
from kb.side_by_side import SideBySide
from kb_contract.agent_manifest import AgentManifest
from kb_contract.errors import ScriptoriumError
from kb_contract.generation import Generation
from kb_contract.loaded_code import leave_out_what_is_loaded

_QUIET: Final = {"console": {"config": {"log_level": "CRITICAL"}}}


@dataclass(frozen=True)
class Ingested:
    """What became of one agent."""

    agent: str
    ok: bool
    status: str
    run_id: str | None
    dagster_run_id: str | None
    """None where nothing changed, so that nothing was run."""
    generation: int | None
    git_sha: str | None
    how: str
    documents: int
    quarantined: list[dict[str, str]]
    noted: list[dict[str, Any]]
    """Documents of which not all is served, with their notes; not all of them are named."""
    with_notes: int
    unpublished: int
    ignored: int
    ignored_files: list[str]
    withdrawn: str | None
    """Why the agent serves nothing: all that it has is unpublished or gone."""
    chunks: int
    done: int
    """Chunks that have their vector; of a run that failed, those that it made."""
    errors: int
    seconds: float
    error: str | None
    named: list[dict[str, Any]]
    """What became of the files that were named: document, status, chunks."""
    extraction: dict[str, Any] | None = None
    """What was read out of its passages, and what that cost; None where nothing was asked."""
    embedded: int = 0
    """Chunks whose vector this run made: the others had theirs."""

    @property
    def waits_for_a_word(self) -> str:
        """Why extraction was held back, where a person may let it go on."""
        return self.extraction["held_back"] if self.extraction else ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Ingestion:
    """Ingests agents, one by one or side by side; one that fails stops no other."""

    definitions: dg.Definitions
    ledger: Ledger
    instance: dg.DagsterInstance
    extract: bool = False
    """Read passages also where agent.yaml leaves it off."""
    approved: bool = False
    """A person agreed to what extraction costs."""

    def side_by_side(
        self, run: Callable[[str], Ingested], agents: Sequence[str]
    ) -> Generator[Ingested]:
        """Run agents two at a time, so that the model never waits for what is read or written."""
        _ = self._without_extraction  # made once, before there are threads
        leave_out_what_is_loaded()
        return SideBySide(run).run(agents)

    def run(
        self, agent: str, *, uncommitted: bool, force: bool, named: Sequence[str] = ()
    ) -> Ingested:
        """Run the job; `named` are files of the agent that the caller wants to hear of."""
        began = time.monotonic()
        if not (uncommitted or force) and (settled := self._settled(agent, named, began)):
            return settled
        self.instance.add_dynamic_partitions(AGENTS, [agent])
        job, config, tags = self._job_for(agent, uncommitted=uncommitted, force=force)
        result = job.run(
            agent, {**config, "loggers": _QUIET}, {"kb/agent": agent, **tags, **tags_of_command()}
        )
        problem = skipped_of(result) if result.success else problem_of(result)
        if problem:
            self.ledger.generations.fail_dagster_run(result.run_id, problem)
        return self._summary(agent, result, problem, time.monotonic() - began, named)

    def _job_for(
        self, agent: str, *, uncommitted: bool, force: bool
    ) -> tuple[JobInProcess, dict[str, Any], dict[str, str]]:
        """Leave the step out that reads passages where it would only say that it is off."""
        config = whole_run_config(
            uncommitted=uncommitted, force=force, extract=self.extract, approved=self.approved
        )
        if self.extract or uncommitted or self._wants_extraction(agent):
            return self._whole, config.to_config_dict(), {}
        ops = {name: one for name, one in (config.ops or {}).items() if name != EXTRACTIONS}
        return self._without_extraction, dg.RunConfig(ops).to_config_dict(), {WITHOUT: EXTRACTIONS}

    @cached_property
    def _whole(self) -> JobInProcess:
        return JobInProcess(self.definitions.resolve_job_def(REFRESH), self.instance)

    @cached_property
    def _without_extraction(self) -> JobInProcess:
        job = self.definitions.resolve_job_def(REFRESH)
        layer = job.asset_layer
        off = dg.AssetKey(EXTRACTIONS)
        kept = {one for one in layer.asset_graph.asset_check_keys if one.asset_key != off}
        fewer = job.get_subset(
            asset_selection=layer.selected_asset_keys - {off}, asset_check_selection=kept
        )
        return JobInProcess(fewer, self.instance)

    def _wants_extraction(self, agent: str) -> bool:
        folder = self._staging.folder
        try:
            return folder.agent_settings(folder.head(), agent).manifest.extraction.is_on
        except ScriptoriumError:
            return True  # the run meets the same trouble, and tells of it

    @property
    def _staging(self) -> Staging:
        return (self.definitions.resources or {})["staging"]

    def _settled(self, agent: str, named: Sequence[str], began: float) -> Ingested | None:
        """Say what is live, where all is as it was and Dagster knows the agent; nothing is run."""
        if not self.instance.has_dynamic_partition(AGENTS, agent):
            return None
        staging = self._staging
        try:
            head = staging.folder.head()
            is_there = agent in staging.folder.agents(head)
            live = staging.settled(agent, head) if is_there else None
        except (ApiException, ScriptoriumError):
            return None  # the run meets the same trouble, tells of it, and other agents follow
        if live is None or self._may_extract(live):
            return None
        files = [one.path for one in staging.folder.files(head, agent)]
        found = _Found(live, self.ledger.generations.pipeline_run_of(live), "unchanged", files)
        return self._told(agent, found, None, time.monotonic() - began, named)

    def _may_extract(self, live: Generation) -> bool:
        wanted = AgentManifest.model_validate(live.manifest).extraction.is_on
        return self.extract or (self.approved and wanted)

    def _summary(
        self, agent: str, result: dg.ExecuteInProcessResult, problem: str | None, seconds: float,
        named: Sequence[str],
    ) -> Ingested:  # fmt: skip
        found = _Found(
            self.ledger.generations.of_dagster_run(result.run_id),
            self.ledger.generations.pipeline_run(result.run_id),
            fact_of(result, "staged") or "refused",
            str(fact_of(result, "ignored") or "").split("\n"),
            fact_of(result, "ignored_files") or 0,
            result.run_id,
            extraction_of(result),
        )
        return self._told(agent, found, problem, seconds, named)

    def _told(
        self, agent: str, found: "_Found", problem: str | None, seconds: float,
        named: Sequence[str],
    ) -> Ingested:  # fmt: skip
        generation, run = found.generation, found.run or {}
        placed = self.ledger.documents.placed(generation.generation_id) if generation else {}
        totals = self.ledger.embeddings.totals(str(run["run_id"])) if run else None
        noted, with_notes = (self.ledger.documents.noted(generation.generation_id, NAMED)
                             if generation else ({}, 0))  # fmt: skip
        embedded, errors = (totals.done, totals.error + totals.pending) if totals else (0, 0)
        by_status = [one.status for one in placed.values()]
        ignored = [one for one in found.files if one and one not in placed]
        return Ingested(
            agent=agent,
            ok=problem is None,
            status="FAILED" if problem else run.get("status", "FAILED"),
            run_id=str(run["run_id"]) if run else None,
            dagster_run_id=found.dagster_run,
            generation=generation.number if generation else None,
            git_sha=generation.git_sha if generation else None,
            how=found.how,
            documents=by_status.count("published"),
            quarantined=[{"path": one.path, "reason": one.reason or ""}
                         for one in placed.values() if one.status == "quarantined"],
            noted=[{"path": path, "notes": notes} for path, notes in noted.items()],
            with_notes=with_notes,
            unpublished=by_status.count("unpublished"),
            ignored=found.ignored or len(ignored),
            ignored_files=ignored[:NAMED],
            withdrawn=generation.reason if generation and is_withdrawn(generation) else None,
            chunks=generation.chunks if generation else 0,
            done=generation.chunks - errors if generation and problem is None else embedded,
            errors=errors,
            seconds=round(seconds, 3),
            error=problem,
            named=self.ledger.reports.named(generation.generation_id, named)
            if generation and named else [],
            extraction=found.extraction,
            embedded=embedded,
        )  # fmt: skip


@dataclass(frozen=True)
class _Found:
    """What there is to tell of an agent."""

    generation: Generation | None
    run: Row | None
    """The pipeline run that made it."""
    how: str
    files: Sequence[str]
    """Files, of which those without a document were ignored."""
    ignored: int = 0
    """How many were, where not all are named."""
    dagster_run: str | None = None
    extraction: dict[str, Any] | None = None


@dataclass(frozen=True)
class Retired:
    """An agent whose folder is gone, and whether it was ended."""

    agent: str
    ok: bool
    dagster_run_id: str
    error: str | None


@dataclass(frozen=True)
class Retirements:
    """Ends agents by the job that the sensor asks for."""

    definitions: dg.Definitions
    instance: dg.DagsterInstance

    def run(self, agent: str, head: str) -> Retired:
        request = retiring(agent, head, "kb ingest")
        result = self.definitions.resolve_job_def(RETIRE).execute_in_process(
            instance=self.instance,
            raise_on_error=False,
            run_config={**request.run_config, "loggers": _QUIET},
            tags={**request.tags, **tags_of_command()},
        )
        error = None if result.success else problem_of(result)
        return Retired(agent, result.success, result.run_id, error)
