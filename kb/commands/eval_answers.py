"""What `kb eval answers` and `kb eval citations` do, on the stack that runs."""

import asyncio
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.commands.ingest_shown import Bars
from kb.evaluation.evaluation import Evaluation
from kb.evaluation.history import EvaluationHistory
from kb.evaluation.quotes_in_git import QuotesInGit
from kb.settings import find_addresses, load_settings
from kb_contract.errors import BadInput

if TYPE_CHECKING:
    from dagster_kb.resources.progress import Progress
    from graph.entrypoint import Gateways
    from graph.planning.workflow_plan import AgentCapability
    from graph.settings import ReaderSettings
    from kb.evaluation.answers import Answered
    from kb.evaluation.labelled_answers import LabelledQuestion


def measured_answers(data: Path, agent: str | None, *, quiet: bool) -> Evaluation:
    """Ask every question, and look every quote up in git."""
    from graph.entrypoint import gateways_of
    from graph.server.telemetry import configure_logging
    from kb.evaluation.answers import figures_of
    from kb.evaluation.labelled_answers import read_questions
    from kb.reader_process import reader_settings

    configure_logging("WARNING")  # stdout is for the figures
    questions = read_questions(data)
    settings = reader_settings()
    gateways = gateways_of(settings)
    with Bars(quiet=quiet or not sys.stderr.isatty()) as bars:
        asked, served = asyncio.run(_asked(settings, gateways, agent, questions, bars.advance))
    return Evaluation(
        kind="answers", data=data.name, agent=agent or "",
        generation=served.generation if served else None, git_sha=(served.git_sha or "") if served else "",
        model=settings.embedding_model,
        at=datetime.now(UTC),  # noqa: TID251 - when it was measured
        figures=figures_of(asked), questions=[one.as_json() for one in asked],
    )  # fmt: skip


async def _asked(
    settings: "ReaderSettings", gateways: "Gateways", agent: str | None,
    questions: "list[LabelledQuestion]", progress: "Progress",
) -> "tuple[list[Answered], AgentCapability | None]":  # fmt: skip
    from kb.evaluation.answers import Answers

    try:
        served = {one.agent_id: one for one in await gateways.reader.agents()}
        if agent and agent not in served:
            raise BadInput(
                f"agent {agent!r} serves nothing",
                cure=f"choose of: {', '.join(sorted(served))}"
                if served
                else "run `kb ingest` first",
            )
        stands = QuotesInGit.of(load_settings(), settings.database_url.get_secret_value()).stands
        answers = Answers(settings, gateways, agent, stands, progress)
        return await answers.ask(questions), served.get(agent or "")
    finally:
        await gateways.close()


def measured_citations(agent: str | None, answers: int, kept: EvaluationHistory) -> Evaluation:
    """Read the quotes of the newest answers again."""
    settings = load_settings()
    quotes = QuotesInGit.of(settings, find_addresses(settings).database_url)
    found = [_citation(one, stands=quotes.stands(one))
             for one in kept.citations(agent=agent, answers=answers)]  # fmt: skip
    stands = [bool(one["verified"]) for one in found]
    return Evaluation(
        kind="citations", data="kept answers", agent=agent or "", model=settings.embedding_model,
        at=datetime.now(UTC),  # noqa: TID251 - when it was measured
        figures={
            "verified": sum(stands) / len(stands) if stands else 1.0,
            "n": len(stands), "not_verified": stands.count(False),
            "answers": len({one["answer_id"] for one in found}),
        },
        questions=found,
    )  # fmt: skip


def _citation(row: Mapping[str, Any], *, stands: bool) -> dict[str, Any]:
    quote = {"quote": row["quote"], "path": row["path"], "sha": row["sha"], "verified": stands}
    return {
        "id": f"{row['answer_id']}#{row['ordinal']}", "answer_id": row["answer_id"],
        "text": row["question"], "verified": float(stands), "quotes": [quote],
        "wanted": [row["path"]], "ms": None,
    }  # fmt: skip
