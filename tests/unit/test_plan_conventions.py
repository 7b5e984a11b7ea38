"""Judgements and sums are planned where there is something to go by, and nowhere else."""

import pytest

from graph.planning.conventions import by_convention
from graph.planning.evidence import Evidence, evidence_of
from graph.planning.needs_labels import Outline
from graph.planning.needs_model import Reading
from graph.planning.needs_reading import asks

LOOKUP = Outline((1, 0, 0, 0, 0, 0), "single")
DEED = Outline((0, 0, 0, 0, 0, 1), "single")
JUDGED_DEED = Outline((0, 1, 0, 0, 1, 1), "sequential")
READ_DEED = Outline((0, 1, 0, 0, 0, 1), "sequential")
SUM = Outline((1, 0, 1, 0, 0, 0), "sequential")


def drawn(question: str, best: Outline, rules: Outline = LOOKUP) -> Outline:
    return by_convention(best, rules, evidence_of(question, rules))


@pytest.mark.parametrize(
    "question", ["Restart the pump if it is down.", "See who is logged in; reboot it if nobody is."]
)
def test_what_a_reading_decides_by_itself_is_not_judged(question: str):
    assert drawn(question, JUDGED_DEED) == READ_DEED


@pytest.mark.parametrize(
    "question",
    ["Restart it if the load is over 90 percent.", "Call them if the tank is below the limit."],
)
def test_a_reading_that_is_held_against_a_measure_is_judged(question: str):
    assert drawn(question, JUDGED_DEED) == JUDGED_DEED


def test_a_rule_in_a_document_is_always_judged_against():
    whole = Outline((1, 1, 0, 0, 1, 1), "parallel_then_join")
    assert drawn("Restart it if the handbook says so.", whole) == whole


def test_one_fact_is_no_sum():
    assert drawn("How many leave days do trainees get?", SUM) == LOOKUP
    assert drawn("How much do 12 tickets cost by the price list?", SUM) == SUM
    assert drawn("How many leave days do trainees get?", SUM, rules=SUM) == SUM


def test_where_the_sentence_model_is_at_a_loss_a_suspicion_suffices():
    suspected = Reading({LOOKUP: 0.9, DEED: 0.1})
    assert not asks(LOOKUP, suspected, 0.25, evidence_of("The hall is cold.", LOOKUP))
    assert asks(LOOKUP, suspected, 0.25, Evidence(foreign=True))
    assert asks(LOOKUP, suspected, 0.25, Evidence(does=True))
    assert not asks(LOOKUP, suspected, 0.05, Evidence(documents=True))
    french = "Il faudrait que quelqu'un renouvelle l'abonnement au journal"
    assert evidence_of(french, LOOKUP).foreign
