"""`kb eval`: how good the reader is at labelled questions."""

from pathlib import Path
from typing import Annotated, Any

import typer

from kb.evaluation.json_lines import labelled_rows
from kb.terminal import console, say_json

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def _measures() -> None:
    """Measure on labelled questions; see docs/evaluation.md for their formats."""


@app.command("classify")
def classify(
    data: Annotated[Path, typer.Option(help="JSON lines: text, label, and perhaps also_ok.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Classify labelled questions here, with no provider, and say how often that is right."""
    from graph.classification.trained import TrainedClassifier
    from graph.planning.evaluation import LabelledQuestion, classification_figures

    classifier = TrainedClassifier()
    rows = [LabelledQuestion.of(row) for row in labelled_rows(data, {"text", "label"})]
    figures = classification_figures([(one, classifier.local(one.text)) for one in rows])
    if as_json:
        say_json(figures)
    else:
        _show(figures)


@app.command("plan")
def plan(
    data: Annotated[Path, typer.Option(help="JSON lines: query, shape, capabilities, …")],
    registry: Annotated[
        Path | None, typer.Option(help="Agents as JSON; else one generic agent per capability.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option(help="List what was wrong, missed approvals first.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Plan labelled questions here, by rules, and say how often shape, agents and approval are right."""
    from kb.commands.eval_plan import measured

    rows = labelled_rows(data, {"query", "shape", "capabilities", "needs_approval"})
    figures, wrong = measured(rows, registry)
    if as_json:
        say_json({**figures, **({"wrong": wrong} if verbose else {})})
        return
    out = console()
    out.print(
        "  ".join(
            f"{name} {figures[name]:.1%}" for name in ("all", "shape", "capabilities", "approval")
        ),
        f" n {figures['n']}",
    )
    for one in wrong if verbose else ():
        out.print(
            f"{one['what']}: {one['query']}\n   wanted {one['wanted']}, got {one['got']}",
            markup=False,
        )


@app.command("retrieval")
def retrieval(
    data: Annotated[Path, typer.Option(help="Folder with corpus.jsonl or pdfs/, queries, qrels.")],
    half: Annotated[str, typer.Option(help="Asks queries.<half>.jsonl.")] = "dev",
    agent_yaml: Annotated[
        Path | None, typer.Option(help="How the agent cuts and searches; else as by default.")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="Folder for what was ingested: the next run embeds only what is new."),
    ] = None,
    refusals: Annotated[
        bool, typer.Option(help="Ask the agent too, for what it refuses to answer.")
    ] = True,
    verbose: Annotated[bool, typer.Option(help="Also what came of every question.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Ingest a labelled corpus into a throw-away agent, and say how well questions find in it."""
    from kb.commands.eval_retrieval import measured, show

    found = measured(data, half, agent_yaml, keep, refusals=refusals, quiet=as_json)
    if as_json:
        each = {"questions": [one.as_json() for one in found.asked]} if verbose else {}
        say_json({**found.as_json(), **each})
    else:
        show(found, console(), verbose=verbose)


def _show(figures: dict[str, Any]) -> None:
    from rich.table import Table

    out = console()
    out.print(
        f"accuracy {figures['accuracy']:.1%} of {figures['n']}, "
        f"calibration error {figures['calibration_error']:.3f}"
    )
    kinds = list(figures["per_class"])
    table = Table("label", "precision", "recall", "n", *(f"said {kind}" for kind in kinds))
    for kind, one in figures["per_class"].items():
        row = figures["confusion"].get(kind, {})
        counts = (str(row.get(other, "")) for other in kinds)
        table.add_row(
            kind, f"{one['precision']:.2f}", f"{one['recall']:.2f}", str(one["n"]), *counts
        )
    out.print(table)
