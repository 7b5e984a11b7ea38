"""Who asks whether something may be done asks what documents say; polite orders stay orders."""

import pytest

from graph.classification.trained import TrainedClassifier
from graph.planning.decomposition import sketch_of
from graph.planning.evidence import evidence_of
from graph.planning.needs_labels import Outline
from graph.planning.needs_reading import NeedsReader, load_parts


def needs_of(question: str) -> list[str]:
    parts = load_parts()
    if parts is None:
        pytest.skip("the sentence model is not installed")
    said = TrainedClassifier().local(question)
    joined = NeedsReader(parts).joined(sketch_of(question), question, said)
    return [one.capability for one in joined.needs]


@pytest.mark.parametrize(
    "question",
    [
        "Can I work from home two days a week?",
        "Can I bring my dog to the office?",
        "May I open the window in the lab?",
        "Can I leave at 3 pm on Fridays?",
        "Can I store 20 litres of petrol in the garage?",
    ],
)
def test_who_asks_for_leave_gets_what_documents_say(question: str):
    assert needs_of(question) == ["knowledge"]


@pytest.mark.parametrize(
    "question",
    [
        "Could I change my lunch order to the soup?",
        "Can we let the caterer know about the nuts?",
        "Could we switch the heating in room 9 off?",
    ],
)
def test_who_asks_politely_for_a_deed_is_asked_about_it(question: str):
    assert "action" in needs_of(question)


def test_asking_for_leave_is_no_asking_for_a_text():
    def for_leave(question: str) -> bool:
        return evidence_of(question, Outline((1, 0, 0, 0, 0, 0), "single")).leave

    for question in ("May I smoke on the terrace?", "Darf man hier parken?", "Is it OK to swim?"):
        assert for_leave(question)
    for question in ("Can I have a poem on bees?", "Can you write it?", "Could the door be shut?"):
        assert not for_leave(question)
