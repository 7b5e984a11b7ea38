"""A question whose document is found and that is refused all the same: counted both ways."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from kb.commands.eval_shown import show_outcome
from kb.evaluation.evaluation import Evaluation
from kb.evaluation.labelled_corpus import Query
from kb.evaluation.report.page import report
from kb.evaluation.retrieval import Asked, Measured
from kb.ingestion import Ingested

INGESTED = Ingested(
    agent="a", ok=True, status="live", run_id=None, dagster_run_id=None, generation=1, git_sha=None,
    how="", documents=2, quarantined=[], unpublished=0, ignored=0, ignored_files=[], withdrawn=None,
    chunks=2, done=2, errors=0, seconds=1.0, error=None, named=[], noted=[],
    with_notes=0,
)  # fmt: skip
ANSWERED = Asked(Query("q1", "What is one?", {"one": 1.0}), ["one", "two"], False, 1.0)
REFUSED = Asked(Query("q2", "What is two?", {"two": 1.0}), ["two", "one"], True, 1.0)
STRANGE = Asked(Query("q3", "What is nine?", {}), ["one"], True, 1.0)


def measured(*asked: Asked) -> Evaluation:
    found = Measured(asked, INGESTED, {}, "a model", 0, {})
    return Evaluation(
        kind="retrieval", data="set/dev", at=datetime(2026, 1, 2, tzinfo=UTC),
        figures=found.figures(), questions=[one.as_json() for one in asked],
    )  # fmt: skip


def test_who_was_refused_had_no_use_of_what_was_found():
    found = measured(ANSWERED, REFUSED, STRANGE)
    assert (found.figures["ndcg@10"], found.figures["ndcg@10_answered"]) == (1.0, 0.5)
    assert (found.figures["recall@10"], found.figures["wrongly_refused"]) == (1.0, 1)
    assert found.by_question("ndcg@10_answered") == {"q1": 1.0, "q2": 0.0}


@pytest.mark.parametrize("asked", [(ANSWERED, STRANGE), (STRANGE,)])
def test_where_nothing_is_refused_wrongly_both_are_the_same(asked: tuple[Asked, ...]):
    figures = measured(*asked).figures
    assert figures["ndcg@10_answered"] == figures["ndcg@10"]


def test_people_are_shown_both():
    found, out = measured(ANSWERED, REFUSED, STRANGE), StringIO()
    show_outcome(found, [], Console(file=out, width=200), verbose=False)
    assert "ndcg@10_answered 0.5000" in " ".join(out.getvalue().split())
    assert "ndcg@10_answered" in report(found, None, [])
