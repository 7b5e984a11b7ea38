"""Parts of pages as they are written, without a browser."""

from datetime import UTC, datetime
from typing import Any

import pytest

from graph.console.run_timeline import timeline_of
from graph.console.server_calls import refusal_of
from graph.console.views import counted, rendered
from graph.server.replies.answers import FigureChange
from kb.evaluation.comparison import compare
from kb.evaluation.evaluation import Evaluation

RUN = {
    "run_id": "r-1",
    "thread_id": "t-1",
    "status": "success",
    "created_at": "2031-01-15T09:30:00+00:00",
}


def line(seq: int, kind: str) -> dict[str, Any]:
    return {
        "seq": seq,
        "type": kind,
        "at": f"2031-01-15T09:30:0{seq}+00:00",
        "agent": "",
        "lane": "",
    }


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 documents"), (1, "1 document"), (1200, "1,200 documents")]
)
def test_one_is_not_said_like_several(number: int, said: str):
    assert counted(number, "document") == said


def test_a_run_that_asked_for_an_approval_says_so():
    told = [line(1, "plan"), line(2, "approval_asked")]
    page = rendered("run.html", run=RUN, lines=told, timeline=timeline_of(told))
    assert "It asked for an approval" in page
    page = rendered("run.html", run=RUN, lines=told[:1], timeline=timeline_of(told[:1]))
    assert "No step was begun" in page
    assert "1 event<" in page


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("make it: POST /threads", ""),
        ("send it as X-Api-Key", ""),
        ("ask an operator", "ask an operator"),
    ],
)
def test_people_are_not_told_of_routes(hint: str, shown: str):
    body = f'{{"message": "no", "hint": "{hint}"}}'.encode()
    assert refusal_of(404, body).hint == shown


def test_a_page_that_is_none_leads_back():
    page = rendered("missing.html")
    assert "There is no such page" in page
    assert 'href="/console/approvals"' in page


def measured(**figures: list[float]) -> Evaluation:
    """Measure some questions; each figure has a value for every one of them."""
    of_all = {name: sum(values) / len(values) for name, values in figures.items()}
    many = len(next(iter(figures.values())))
    return Evaluation(
        kind="answers", data="d", at=datetime(2031, 1, 15, tzinfo=UTC), figures=of_all,
        questions=[{"id": at, **{name: values[at] for name, values in figures.items()}}
                   for at in range(many)],
    )  # fmt: skip


def test_measurements_show_what_became_better_and_what_worse():
    before = measured(found=[0.0] * 20, cited=[1.0] * 20, verified=[0.0, 1.0] * 10)
    now = measured(found=[1.0] * 20, cited=[0.5] * 20, verified=[0.0, 1.0] * 9 + [1.0, 1.0])
    changes = {one.figure: one.as_json() for one in compare(now, before)}
    assert [FigureChange(**one).model_dump() for one in changes.values()] == [*changes.values()]
    row = {**now.model_dump(mode="json", exclude={"questions"}), "agent_id": "hr",
           "differences": changes, "measured_by": "ann"}  # fmt: skip
    page = rendered("evaluations.html", rows=[row])
    assert '<span class="good">+1</span>' in page
    assert '<span class="bad">-0.5</span>' in page
    assert '<span class="meta">+0.05</span>' in page
    first = rendered("evaluations.html", rows=[{**row, "differences": {}}])
    assert "found <strong>1</strong>" in first
    assert "+1" not in first
