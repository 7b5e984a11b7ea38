"""What `kb eval extraction` does: one prompt and one tier, on labelled passages."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from kb.commands.ingest_shown import Bars
from kb.evaluation.evaluation import Evaluation
from kb_contract.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dagster_kb.extraction.estimate import ExtractionEstimate
    from dagster_kb.extraction.extractor import Extractor
    from dagster_kb.extraction.prompts_on_file import Prompt
    from dagster_kb.settings import WriterSettings
    from kb.evaluation.extractions import Read

STEP: Final = "evaluate"


def measured_extraction(
    data: Path, prompt: str, tier: str, *, yes: bool, quiet: bool
) -> Evaluation:
    """Read every passage out, on the books of this machine's stack where a model is asked."""
    from dagster_kb.described_parts import extraction_of, ledger_of
    from dagster_kb.extraction.estimate import estimate_of
    from kb.evaluation.extractions import ExtractionMeasure, figures_of
    from kb.evaluation.labelled_extractions import read_passages
    from kb_contract.extraction_settings import ExtractionSettings

    labels, chosen = read_passages(data), prompt_of(prompt)
    settings = _settings()
    ledger = ledger_of(settings)
    desk = extraction_of(settings, ledger.database)
    wanted = ExtractionSettings.model_validate({"enabled": True, "tier": tier})
    extractor = _of_a_measurement(replace(desk.extractor(wanted), prompt=chosen))
    size = sum(len(one.passage.asked().encode()) for one in labels)
    agreed = yes or _is_agreed(estimate_of(extractor, len(labels), size, None), settings)
    books = replace(desk.books(None, None, approved=agreed), step=STEP)
    with Bars(quiet=quiet or not sys.stderr.isatty()) as bars:
        read = ExtractionMeasure(
            extractor, books, settings.extraction_concurrency,
            lambda done, total: bars.advance("", "passages", done, total),
        ).run(labels)  # fmt: skip
    ledger.database.close()
    _require_answers(read)
    return Evaluation(
        kind="extraction", data=data.name, model=extractor.model,
        at=datetime.now(UTC),  # noqa: TID251 - when it was measured
        figures=figures_of(read, extractor), questions=[one.as_json() for one in read],
    )  # fmt: skip


def _of_a_measurement(extractor: "Extractor") -> "Extractor":
    """How many answers can be used does not hang on how many passages were asked about before."""
    from kb_contract.chat_models.retry_budget import RetryBudget

    if extractor.board is None:
        return extractor
    unlimited = RetryBudget(share=1.0, most=float("inf"), saved=float("inf"))
    return replace(extractor, board=replace(extractor.board, repairs=unlimited))


def _is_agreed(estimate: "ExtractionEstimate", settings: "WriterSettings") -> bool:
    """Ask a person before it costs more than a run may; where nobody can be asked, refuse."""
    limit = settings.extraction_ask_above
    if estimate.dollars <= limit:
        return False
    said = f"{estimate.said}, more than EXTRACTION_ASK_ABOVE={limit:g}"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise BadInput(said, where="kb eval extraction", cure="--yes agrees to it beforehand")
    if not typer.confirm(f"{said}. Go on?", default=False, err=True):
        raise typer.Exit(1)
    return True


def _require_answers(read: "Sequence[Read]") -> None:
    """Figures of nothing would be a baseline that everything is better than."""
    if all(one.found.status == "ERROR" for one in read):
        raise Unavailable(
            f"no passage was answered; the first: {read[0].found.error}", where="LLM_PROFILE",
            cure="see the models in GET /health, the keys in `kb doctor`, and `kb cost` for budgets",
        )  # fmt: skip


def prompt_of(said: str) -> "Prompt":
    """Return a version that there is, or one that is being written."""
    from dagster_kb.extraction.prompts_on_file import Prompt, prompt_named

    file = Path(said)
    if not (file.suffix or file.is_file()):
        return prompt_named(said)
    try:
        return Prompt(file.stem, file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(str(error), where=said, cure="give a text file in UTF-8") from error


def _settings() -> "WriterSettings":
    """Patterns need no stack; a model's requests stand in its books."""
    from dagster_kb.settings import load_settings
    from kb.writer_access import require_parts, writer_settings
    from kb_contract.chat_models.profiles import OFFLINE

    alone = load_settings()
    if alone.llm_profile in ("", OFFLINE):
        return alone
    settings = writer_settings()
    require_parts(settings, store=False)
    return settings
