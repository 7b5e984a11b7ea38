"""Measurements for people: figures, what changed, and what came of single questions."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kb.evaluation.comparison import Difference, above_floors
from kb.evaluation.evaluation import Evaluation
from kb.terminal import escape

if TYPE_CHECKING:
    from rich.console import Console


def show_outcome(
    found: Evaluation, differences: Sequence[Difference], out: "Console", *, verbose: bool
) -> None:
    """Show a measurement, and what failed or was left out."""
    out.print(_figures(found.figures))
    left_out: Mapping[str, str] = found.figures.get("not_ingested_because", {})
    for name, why in left_out.items():
        out.print(f"[yellow]not ingested[/yellow] {escape(name)}: {escape(why)}")
    if above := above_floors(found):
        _show_differences(above, out, of="nDCG@10 of", against="plain search")
    if differences:
        _show_differences(differences, out, of="figure", against="baseline")
    for one in found.questions:
        if one.get("error"):
            out.print(f"[red]failed[/red] {escape(str(one['id']))}: {escape(one['error'])}")
        elif verbose:
            out.print(escape(_line(one)), highlight=False)


def _figures(figures: Mapping[str, Any]) -> Any:
    from rich.table import Table

    table = Table(box=None, show_header=False)
    for name, value in figures.items():
        if not isinstance(value, dict) or name == "latency_ms":
            table.add_row(name, f"{value:.4f}" if isinstance(value, float) else str(value))  # pyright: ignore[reportUnknownArgumentType] - JSON
    return table


def classes_table(figures: Mapping[str, Any]) -> Any:
    """Precision and recall of each label, and what was said of it."""
    from rich.table import Table

    kinds = list(figures["per_class"])
    table = Table("label", "precision", "recall", "n", *(f"said {kind}" for kind in kinds))
    for kind, one in figures["per_class"].items():
        row = figures["confusion"].get(kind, {})
        counts = (str(row.get(other, "")) for other in kinds)
        table.add_row(
            kind, f"{one['precision']:.2f}", f"{one['recall']:.2f}", str(one["n"]), *counts
        )
    return table


def show_history(rows: Sequence[dict[str, Any]], out: "Console") -> None:
    """List measurements with their figures."""
    from rich.table import Table

    table = Table("when", "kind", "data", "agent", "generation", "figures", "since the one before")
    for one in rows:
        numbers = [f"{name} {value:.3f}" for name, value in one["figures"].items()
                   if isinstance(value, float)]  # fmt: skip
        changed = [f"{name} {said['difference']:+.3f} {said['verdict']}"
                   for name, said in one["differences"].items() if said["verdict"] != "even"]  # fmt: skip
        table.add_row(
            f"{one['at']:%Y-%m-%d %H:%M}", one["kind"], escape(_data(one)), one["agent_id"] or "-",
            str(one["generation"] or "-"), ", ".join(numbers[:5]), ", ".join(changed) or "-",
        )  # fmt: skip
    out.print(
        table if rows else "Nothing was measured yet: run `kb eval answers` or `kb eval retrieval`."
    )


def _data(row: Mapping[str, Any]) -> str:
    """Name the data; of extraction also what read it, for that is what is compared."""
    prompt = row["figures"].get("prompt")
    return f"{row['data']}, {prompt} by {row['model']}" if prompt else row["data"]


def _show_differences(
    differences: Sequence[Difference], out: "Console", *, of: str, against: str
) -> None:
    from rich.table import Table

    table = Table(of, against, "now", "change", "95 of 100", "p", "", title=f"Against {against}")
    colours = {"better": "green", "worse": "red", "even": "dim"}
    for one in differences:
        colour = colours[one.verdict]
        table.add_row(
            one.figure, f"{one.before:.4f}", f"{one.now:.4f}", f"{one.change.mean:+.4f}",
            f"{one.change.low:+.4f} … {one.change.high:+.4f}", f"{one.p:.3f}",
            f"[{colour}]{one.verdict}[/{colour}]",
        )  # fmt: skip
    out.print(table)


def _line(one: dict[str, Any]) -> str:
    words = [
        f"{name} {value:.2f}"
        for name, value in one.items()
        if isinstance(value, float) and name != "ms"
    ]
    plain: Mapping[str, float] = one.get("floors") or {}
    if plain:
        words.append(f"({', '.join(f'{name} {value:.2f}' for name, value in plain.items())})")
    mark = " refused" if one.get("refused") else ""
    return f"{one['id']}{mark} {' '.join(words)}: {one['text']}"
