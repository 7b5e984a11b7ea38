"""`kb inspect --run RUN`: what a run did, stage by stage, with samples of what came out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from json import dumps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kb.commands.ingest_shown import show_notes
from kb.operator_access import operators_ledger
from kb.terminal import console, escape, say_json
from kb.writer_access import open_dagster
from kb_contract.agent_manifest import kept_manifest

if TYPE_CHECKING:
    from rich.console import Console

    from dagster_kb.resources.ledger import Ledger

_LETTERS = 240
_OF_PASSAGES = (
    "heading_path",
    "text",
    "passage",
    "parsed",
    "raw_text",
    "validation_error",
    "error_message",
)


def inspect(
    run: Annotated[str, typer.Option("--run", help="A pipeline run's or Dagster run's id.")],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Samples and errors, at most.")] = 5,
    path: Annotated[
        str | None, typer.Option(help="Show what was extracted of this document alone.")
    ] = None,
    chunk: Annotated[str | None, typer.Option(help="... or of this chunk, by its id.")] = None,
    workspace: Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Report a run: where it came from, its stages, documents, chunks, errors and checks."""
    with operators_ledger(workspace) as ledger:
        report = ledger.reports.run(run, limit)
        generation = report["run"]["generation_id"]
        report = {**report, "chunks": [_showable(one) for one in report["chunks"]],
                  "generation": _generation(ledger, generation),
                  "stages": _stages(report["dagster_runs"]), **_notes(ledger, generation, limit),
                  **_extractions(ledger, generation, limit, path, chunk)}  # fmt: skip
    if json:
        say_json(report)
    else:
        _show(report, console())


def _generation(ledger: "Ledger", generation_id: int | None) -> dict[str, Any] | None:
    if generation_id is None:
        return None
    keep = {
        "number",
        "state",
        "documents",
        "chunks",
        "quarantined",
        "collection",
        "reason",
        "checks",
    }
    found = ledger.generations.by_id(generation_id)
    return {**found.model_dump(mode="json", include=keep),
            "index": kept_manifest(found.agent_id, found.manifest).index.model_dump()}  # fmt: skip


def _notes(ledger: "Ledger", generation_id: int | None, limit: int) -> dict[str, Any]:
    noted, of_all = ledger.documents.noted(generation_id, limit) if generation_id else ({}, 0)
    return {"noted": [{"path": path, "notes": notes} for path, notes in noted.items()],
            "with_notes": of_all}  # fmt: skip


def _extractions(
    ledger: "Ledger", generation_id: int | None, limit: int, path: str | None, chunk: str | None
) -> dict[str, Any]:
    if generation_id is None:
        return {"extracted": [], "extractions": []}
    store = ledger.extractions
    shown = store.of_generation(generation_id, limit, path=path, chunk=chunk)
    return {"extracted": store.counts(generation_id),
            "extractions": [_showable(one) for one in shown]}  # fmt: skip


def _showable(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Withhold what came of a passage if there is a secret or personal data in any of it.

    What gates refuse is shown here before anything else has a look at it.
    """
    from dagster_kb.gates.showing import held_back, withheld

    words = {name: sample[name] for name in _OF_PASSAGES if sample.get(name)}
    said = [one if isinstance(one, str) else dumps(one, ensure_ascii=False, indent=0)
            for one in words.values()]  # fmt: skip
    if kind := held_back("\n".join(said)):
        instead = withheld(kind)
        words = {name: [instead] if isinstance(one, list) else instead
                 for name, one in words.items()}  # fmt: skip
    return {**sample, **words}


def _stages(dagster_runs: Sequence[str]) -> list[dict[str, Any]]:
    """Steps as Dagster timed them; a run that housekeeping deleted has none."""
    with open_dagster() as instance:
        return [
            {"stage": step.step_key, "status": step.status.value if step.status else None,
             "seconds": _seconds(step.start_time, step.end_time), "attempts": step.attempts,
             "dagster_run_id": run_id}
            for run_id in dagster_runs
            for step in sorted(instance.get_run_step_stats(run_id),
                               key=lambda one: one.start_time or float("inf"))
        ]  # fmt: skip


def _seconds(began: float | None, ended: float | None) -> float | None:
    return round(ended - began, 3) if began and ended else None


def _show(report: Mapping[str, Any], out: "Console") -> None:
    run, generation = report["run"], report["generation"]
    by = f" by {run['requested_by']}" if run["requested_by"] else ""
    out.print(f"[bold]{run['agent_id']}[/bold] {run['status']} · commit {run['git_sha'][:12]} · "
              f"{run['trigger'] or 'unknown trigger'}{escape(by)}")  # fmt: skip
    out.print(f"run {run['run_id']} · began {_moment(run['started_at'])} · "
              f"{_lasted(run['started_at'], run['finished_at'])}")  # fmt: skip
    if run["error_summary"]:
        out.print(f"[red]{escape(run['error_summary'])}[/red]")
    for one in report["stages"]:
        out.print(f"  {one['stage']:<32} {one['status']:<8} {_took(one['seconds'])}")
    for one in report["documents"]:
        why = f": {escape(one['reason'])}" if one["reason"] else ""
        out.print(f"{one['documents']} {one['status']}{why} ({escape(', '.join(one['paths']))})")
    show_notes(report["noted"], report["with_notes"], out)
    totals = report["chunk_runs"]
    out.print(f"chunks worked on: {totals['done']} done, {totals['error']} in error, "
              f"{totals['pending']} pending")  # fmt: skip
    for one in report["errors"]:
        out.print(f"[red]{one['chunk_id']}[/red] {escape(one['path'] or '')}: "
                  f"{escape(str(one['error_type']))}: {escape(str(one['error_message']))}")  # fmt: skip
    if generation:
        _show_generation(generation, out)
    for one in report["chunks"]:
        place = " > ".join([one["path"], *one["heading_path"]])
        out.print(
            f"[cyan]{escape(place)}[/cyan] chunk {one['chunk_index']}, {one['tokens']} tokens"
        )
        out.print(f"  [dim]{escape(' '.join(one['text'].split())[:_LETTERS])}[/dim]")
    _show_extractions(report, out)


def _show_extractions(report: Mapping[str, Any], out: "Console") -> None:
    for one in report["extracted"]:
        out.print(f"extractions: {one['passages']} {one['status']} by {escape(one['prompt_name'])} with "
                  f"{escape(one['asked_model'])}, ${one['cost']:.4f}")  # fmt: skip
    if not report["extracted"]:
        out.print("extractions: none; `extraction: {enabled: true}` in agent.yaml, or --extract")
    for one in report["extractions"]:
        out.print(f"[cyan]{escape(one['path'])}[/cyan] chunk {one['chunk_index']}: {one['status']}")
        if one["status"] == "DONE":
            out.print(f"  [dim]{escape(dumps(one['parsed'], ensure_ascii=False))}[/dim]")
            continue
        why = one["validation_error"] or one["error_message"] or ""
        out.print(f"  [red]{escape(why)}[/red]")
        out.print(f"  [dim]{escape(' '.join(one['raw_text'].split())[:_LETTERS])}[/dim]")


def _show_generation(generation: Mapping[str, Any], out: "Console") -> None:
    checks = generation["checks"]
    passed = sum(1 for one in checks.values() if one["passed"])
    out.print(f"generation {generation['number']} {generation['state']}: "
              f"{generation['documents']} documents, {generation['chunks']} chunks, "
              f"{passed}/{len(checks)} checks passed")  # fmt: skip
    out.print(
        "index: " + ", ".join(f"{name} {value}" for name, value in generation["index"].items())
    )
    for name, one in checks.items():
        if not one["passed"]:
            out.print(f"  [red]{name}[/red]: {escape(str(one['description']))}")


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else "-"


def _lasted(began: datetime, ended: datetime | None) -> str:
    return f"{(ended - began).total_seconds():.1f} s" if ended else "not finished"


def _took(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f} s"
