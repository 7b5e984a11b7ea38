"""What `kb eval retrieval` does."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from graph.server.telemetry import configure_logging
from kb.commands.ingest_shown import Bars
from kb.evaluation.evaluation import Evaluation
from kb.evaluation.labelled_corpus import LabelledCorpus
from kb.evaluation.retrieval import Measurement
from kb_contract.errors import BadInput


def measured(
    data: Path,
    half: str,
    agent_yaml: Path | None,
    keep: Path | None,
    *,
    refusals: bool,
    floors: bool,
    quiet: bool,
) -> Evaluation:
    """Read the data before anything starts, then measure."""
    configure_logging("WARNING")  # stdout is for the figures
    corpus = LabelledCorpus.read(data, half)
    manifest = _manifest(agent_yaml) if agent_yaml else {}
    with Bars(quiet=quiet or not sys.stderr.isatty()) as bars:
        found = Measurement(corpus, manifest, keep, refusals, floors, bars.advance).run()
    return Evaluation(
        kind="retrieval",
        data=f"{data.resolve().name}/{half}",
        model=found.model,
        at=datetime.now(UTC),  # noqa: TID251 - when it was measured
        figures=found.figures(),
        questions=found.questions(),
    )


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
