"""Whether a change is more than chance, and what a page of it says."""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kb.evaluation.comparison import above_floors, compare, interval
from kb.evaluation.evaluation import Evaluation
from kb.evaluation.report.page import report, write_report
from kb_contract.errors import BadInput


def evaluation(values: list[float], **more: Any) -> Evaluation:
    questions = [
        {
            "id": str(number), "text": f"question <script>{number}</script>", "ndcg@10": value,
            "recall@10": value, "mrr@10": value, "all@4": 1.0, "all@10": 1.0, "refusal_right": 1.0,
            "wanted": {"a & b": 1.0}, "ranked": ["x", "a & b"], "refused": number == 0, "ms": 10.0 + number,
        }
        for number, value in enumerate(values)
    ]  # fmt: skip
    figures = {"ndcg@10": sum(values) / len(values), "n": len(values),
               "latency_ms": {"p50": 12.0, "p95": 19.0}, "not_ingested_because": {"<b>": "too <long>"}}  # fmt: skip
    said: dict[str, Any] = {
        "kind": "retrieval", "data": "set/dev", "at": datetime(2026, 1, 2, tzinfo=UTC),
        "figures": figures, "questions": questions, **more,
    }  # fmt: skip
    return Evaluation(**said)


def test_a_clear_gain_is_better_and_the_other_way_round_worse():
    before = evaluation([0.2, 0.3, 0.4, 0.2, 0.1, 0.3] * 6)
    now = evaluation([0.6, 0.5, 0.9, 0.4, 0.3, 0.8] * 6)
    [found] = [one for one in compare(now, before) if one.figure == "ndcg@10"]
    assert (found.verdict, found.n) == ("better", 36)
    assert found.change.low > 0
    assert found.p < 0.01
    assert found.change.mean == pytest.approx(found.now - found.before)
    [back] = [one for one in compare(before, now) if one.figure == "ndcg@10"]
    assert back.verdict == "worse"


def test_what_goes_up_and_down_alike_is_even():
    before = evaluation([0.5, 0.5, 0.5, 0.5] * 10)
    now = evaluation([0.6, 0.4, 0.7, 0.3] * 10)
    assert {one.verdict for one in compare(now, before)} == {"even"}


def test_chance_alone_is_seldom_called_a_difference():
    dice = random.Random(3)
    verdicts = [
        next(
            one.verdict
            for one in compare(
                evaluation([dice.random() for _ in range(60)]),
                evaluation([dice.random() for _ in range(60)]),
            )
            if one.figure == "ndcg@10"
        )
        for _ in range(60)
    ]
    assert verdicts.count("even") >= 52


def test_only_questions_that_both_have_are_compared():
    now = evaluation([1.0, 1.0, 1.0])
    before = evaluation([0.0, 0.0])
    assert {one.n for one in compare(now, before)} == {2}


@pytest.mark.parametrize(
    ("other", "said"),
    [({"kind": "answers"}, "is of answers"), ({"questions": []}, "no question in common")],
)
def test_what_cannot_be_compared_is_refused(other: dict[str, Any], said: str):
    with pytest.raises(BadInput, match=said):
        compare(evaluation([1.0]), evaluation([1.0], **other))


def test_a_saved_evaluation_is_the_same_again(tmp_path: Path):
    found = evaluation([0.25, 0.5])
    found.save(tmp_path / "new" / "kept.json")
    assert Evaluation.read(tmp_path / "new" / "kept.json") == found
    (tmp_path / "other.json").write_text('{"kind": "retrieval"}', "utf-8")
    with pytest.raises(BadInput, match="no saved evaluation"):
        Evaluation.read(tmp_path / "other.json")


def test_the_same_values_always_give_the_same_interval():
    values = [0.1, 0.9, 0.4, 0.7]
    assert interval(values) == interval(values)
    assert interval(values).low < interval(values).mean < interval(values).high
    assert interval([]).mean == 0


def test_the_page_stands_alone_and_lets_no_text_become_markup(tmp_path: Path):
    now, before = evaluation([0.5, 0.9, 1.0]), evaluation([0.4, 1.0, 1.0])
    page = report(now, before, compare(now, before))
    assert "question <script>" not in page
    assert "question &lt;script&gt;0" in page
    assert "too &lt;long&gt;" in page
    assert page.count("<svg") == 4
    assert [one for one in ("http://", "https://", "src=", "@import", "<link") if one in page] == []
    write_report(tmp_path / "page.html", now, None, [])
    assert "Change from the baseline" not in (tmp_path / "page.html").read_text("utf-8")


def beside_plain_searches() -> Evaluation:
    """Well above one search, as good as another; the third question has no answer."""
    found = evaluation([0.9, 0.5, 0.0] * 12)
    for one in found.questions:
        value = one["ndcg@10"]
        one["floors"] = {"bm25": value / 3, "rrf": value} if value else {}
    return found


def test_it_is_held_against_every_plain_search_on_questions_with_an_answer():
    words, ranks = above_floors(beside_plain_searches())
    assert (words.figure, words.n, words.verdict, ranks.verdict) == ("bm25", 24, "better", "even")
    assert (words.before, words.now) == (pytest.approx(0.7 / 3), pytest.approx(0.7))
    assert 0 < words.change.low < words.change.mean < words.change.high
    assert above_floors(evaluation([0.5])) == []


def test_the_page_draws_plain_searches_and_names_each_of_every_question():
    page = report(beside_plain_searches(), None, [])
    assert "Above plain searches" in page
    assert page.count("<svg") == 4
    for said in (">bm25</th>", ">rrf</th>", ">0.30</td>", ">+0.467</td>"):
        assert said in page
    assert "Above plain searches" not in report(evaluation([0.5]), None, [])
