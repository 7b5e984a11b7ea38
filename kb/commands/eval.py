"""`kb eval`: how good the reader is at labelled questions."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from kb.terminal import console, say_json
from kb_contract.errors import BadInput

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def _measures() -> None:
    """Measure on labelled questions; needs no stack."""


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


def labelled_rows(file: Path, needed: set[str]) -> list[dict[str, Any]]:
    """Read JSON lines, each with the fields that are needed."""
    try:
        lines = file.read_text("utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise BadInput(str(error), where=str(file), cure="give a file of JSON lines") from error
    rows = [
        _row(line, f"{file}:{number}", needed)
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    if not rows:
        raise BadInput("there is no question", where=str(file), cure="give a line per question")
    return rows


def _row(line: str, where: str, needed: set[str]) -> dict[str, Any]:
    cure = f"each line is an object with {', '.join(sorted(needed))}"
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadInput(str(error), where=where, cure=cure) from error
    if not isinstance(row, dict) or not needed <= row.keys():
        raise BadInput("fields are missing", where=where, cure=cure)
    return row  # pyright: ignore[reportUnknownVariableType] - JSON


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
