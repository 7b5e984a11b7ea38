"""Other wordings of a question, by what documents call by several names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_contract.own_words import MOST_WORDINGS, NO_OWN_WORDS, OwnWords

SLO = ("slo", "service level objective")
KNOWN = OwnWords({SLO: 3, ("slo", "sealed lock order"): 1, ("it", "information technology"): 2,
                  ("runbook", "playbook"): 1})  # fmt: skip


@pytest.mark.parametrize(
    ("question", "wordings"),
    [("What is our SLO?", ["What is our service level objective?", "What is our sealed lock order?"]),
     ("Who sets the service level objective now?", ["Who sets the slo now?"]),
     ("How many SLOs are there?", ["How many service level objective are there?",
                                   "How many sealed lock order are there?"]),
     ("Is a Service Level Objective (SLO) binding?", []),
     ("Does it work?", []),
     ("Who leads IT?", ["Who leads information technology?"]),
     ("Which runbook has the SLO?", ["Which playbook has the service level objective?",
                                     "Which runbook has the sealed lock order?"]),
     ("", [])],
)  # fmt: skip
def test_a_question_is_said_with_the_other_names(question: str, wordings: list[str]) -> None:
    assert KNOWN.wordings(question) == wordings
    assert NO_OWN_WORDS.wordings(question) == []


def test_pairs_are_counted_as_chunks_come_and_go_and_come_back_from_the_ledger() -> None:
    counted = NO_OWN_WORDS.changed([(1, [SLO]), (1, [SLO]), (1, [("a", "b")]), (-1, [SLO])])
    assert counted.holding == {SLO: 1, ("a", "b"): 1}
    assert OwnWords.kept(counted.keep()) == counted
    assert counted.changed([(-1, [SLO, ("a", "b")])]) == NO_OWN_WORDS


@given(st.text(max_size=60))
def test_whatever_is_asked_there_are_few_wordings(question: str) -> None:
    assert len(KNOWN.wordings(question)) <= MOST_WORDINGS
