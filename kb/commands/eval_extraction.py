"""What `kb eval extraction` does: one prompt and one tier, on labelled passages."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kb.commands.ingest_shown import Bars
from kb.evaluation.evaluation import Evaluation
from kb_contract.errors import BadInput

if TYPE_CHECKING:
    from dagster_kb.extraction.prompts_on_file import Prompt
    from dagster_kb.settings import WriterSettings

STEP: Final = "evaluate"


def measured_extraction(data: Path, prompt: str, tier: str, *, quiet: bool) -> Evaluation:
    """Read every passage out, on the books of this machine's stack where a model is asked."""
    from dagster_kb.described_parts import extraction_of, ledger_of
    from kb.evaluation.extractions import ExtractionMeasure, figures_of
    from kb.evaluation.labelled_extractions import read_passages
    from kb_contract.extraction_settings import ExtractionSettings

    labels, chosen = read_passages(data), prompt_of(prompt)
    settings = _settings()
    ledger = ledger_of(settings)
    desk = extraction_of(settings, ledger.database)
    wanted = ExtractionSettings.model_validate({"enabled": True, "tier": tier})
    extractor = replace(desk.extractor(wanted), prompt=chosen)
    books = replace(desk.books(None, None, approved=True), step=STEP)
    with Bars(quiet=quiet or not sys.stderr.isatty()) as bars:
        read = ExtractionMeasure(
            extractor, books, settings.extraction_concurrency,
            lambda done, total: bars.advance("", "passages", done, total),
        ).run(labels)  # fmt: skip
    ledger.database.close()
    return Evaluation(
        kind="extraction", data=data.name, model=extractor.model,
        at=datetime.now(UTC),  # noqa: TID251 - when it was measured
        figures=figures_of(read, extractor), questions=[one.as_json() for one in read],
    )  # fmt: skip


def prompt_of(said: str) -> "Prompt":
    """Return a version that there is, or one that is being written."""
    from dagster_kb.extraction.prompts_on_file import Prompt, prompt_named

    file = Path(said)
    if file.suffix != ".md":
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
