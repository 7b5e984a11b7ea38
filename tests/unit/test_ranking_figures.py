"""Figures of an order of documents, against values that were worked out by hand."""

import math

import pytest

from kb.evaluation.ranking_figures import each_once, figures_of, means, percentile

SECOND = 1 / math.log2(3)


@pytest.mark.parametrize(
    ("ranked", "wanted", "figures"),
    [
        (
            ["a"],
            {"a": 1.0},
            {
                "ndcg@10": 1,
                "precision@5": 0.2,
                "recall@10": 1,
                "mrr@10": 1,
                "all@4": 1,
                "all@10": 1,
            },
        ),
        (["b", "a"], {"a": 1.0}, {"ndcg@10": SECOND, "recall@10": 1, "mrr@10": 0.5, "all@4": 1}),
        (["b", "c"], {"a": 1.0}, {"ndcg@10": 0, "recall@10": 0, "mrr@10": 0, "all@10": 0}),
        ([], {"a": 1.0}, {"ndcg@10": 0, "recall@10": 0, "mrr@10": 0}),
        # A document that is worth more should come first.
        (["a", "b"], {"a": 1.0, "b": 2.0}, {"ndcg@10": (1 + 2 * SECOND) / (2 + SECOND)}),
        (["a", "x", "y", "z", "b"], {"a": 1.0, "b": 1.0}, {"all@4": 0, "all@10": 1}),
        (["a"], {"a": 1.0, "b": 1.0}, {"recall@10": 0.5, "all@10": 0}),
        ([*map(str, range(10)), "a"], {"a": 1.0}, {"ndcg@10": 0, "recall@10": 0, "mrr@10": 0}),
    ],
)
def test_a_question_is_worth_what_trec_says(
    ranked: list[str], wanted: dict[str, float], figures: dict[str, float]
):
    found = figures_of(ranked, wanted)
    assert {name: found[name] for name in figures} == pytest.approx(figures)


def test_more_wanted_than_ten_can_still_be_perfect():
    names = [str(number) for number in range(15)]
    found = figures_of(names, dict.fromkeys(names, 1.0))
    assert found["ndcg@10"] == pytest.approx(1)
    assert found["recall@10"] == pytest.approx(10 / 15)


def test_means_of_none_are_zero():
    assert set(means([]).values()) == {0.0}
    assert means([figures_of(["a"], {"a": 1.0}), figures_of([], {"a": 1.0})])["mrr@10"] == 0.5


def test_the_best_passage_speaks_for_its_document():
    assert each_once(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]


def test_percentiles_are_values_that_were_measured():
    times = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert (percentile(times, 0.5), percentile(times, 0.95), percentile([], 0.5)) == (3.0, 5.0, 0.0)
