"""What `kb eval retrieval` does and shows."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from kb.commands.ingest_shown import Bars
from kb.evaluation.labelled_corpus import LabelledCorpus
from kb.evaluation.retrieval import Measured, Measurement
from kb.terminal import escape
from kb_contract.errors import BadInput

if TYPE_CHECKING:
    from rich.console import Console

_NAMED = 10


def measured(
    data: Path,
    half: str,
    agent_yaml: Path | None,
    keep: Path | None,
    *,
    refusals: bool,
    quiet: bool,
) -> Measured:
    """Read the data before anything starts, then measure."""
    corpus = LabelledCorpus.read(data, half)
    manifest = _manifest(agent_yaml) if agent_yaml else {}
    with Bars(quiet=quiet or not sys.stderr.isatty()) as bars:
        return Measurement(corpus, manifest, keep, refusals, bars.advance).run()


def show(found: Measured, out: "Console", *, verbose: bool) -> None:
    """Show the figures, and what was left out of the corpus."""
    from rich.table import Table

    table = Table(box=None, show_header=False)
    for name, value in found.as_json().items():
        table.add_row(name, f"{value:.4f}" if isinstance(value, float) else str(value))
    out.print(table)
    for identity, why in list(found.not_ingested.items())[: None if verbose else _NAMED]:
        out.print(f"[yellow]not ingested[/yellow] {escape(identity)}: {escape(why)}")
    for one in found.asked:
        if one.error:
            out.print(f"[red]failed[/red] {escape(one.query.id)}: {escape(one.error)}")
        elif verbose:
            missed = [wanted for wanted in one.query.wanted if wanted not in one.ranked[:10]]
            told = f"not in the first ten: {', '.join(missed)}" if missed else "found"
            out.print(escape(f"{one.query.id} {told}: {one.query.text}"), highlight=False)


def _manifest(file: Path) -> dict[str, Any]:
    import yaml

    said: object = None
    try:
        said = yaml.safe_load(file.read_text("utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise BadInput(str(error), where=str(file), cure="give an agent.yaml") from error
    if not isinstance(said, dict):
        raise BadInput("this is no mapping", where=str(file), cure="give an agent.yaml")
    read = cast("dict[str, Any]", said)
    return {name: value for name, value in read.items() if name != "agent_id"}
