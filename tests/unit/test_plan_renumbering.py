"""A question said with another number of things has as many lookups."""

import random

import pytest

from graph.planning.needs_labels import KINDS, Outline
from graph.planning.renumbering import can_be_renumbered, renumbered


def compared(lookups: int) -> Outline:
    counts = {"knowledge": lookups, "comparison": 1}
    return Outline(tuple(counts.get(kind, 0) for kind in KINDS), "parallel_then_join")


@pytest.mark.parametrize("question", ["Which of the three vans is cheapest?", "Rank the 3 bids."])
def test_the_number_and_the_lookups_go_together(question: str):
    assert can_be_renumbered(question, compared(3))
    for seed in range(12):
        said, right = renumbered(question, compared(3), random.Random(seed))
        number = right.count("knowledge")
        assert number != 3
        words = {2: "two", 4: "four", 5: "five"}
        assert (words[number] if "three" in question else str(number)) in said
        assert len(said.split()) == len(question.split())


@pytest.mark.parametrize(
    "question",
    [
        "Compare both leases.", "Compare the ferry with the bus.", "Which of the two bids: Weber or Lang?",
        "Which of the four vans is cheapest?",
    ],
)  # fmt: skip
def test_what_is_named_or_counts_something_else_stays(question: str):
    assert not can_be_renumbered(question, compared(2))
