"""Questions that are made of passages, and what follows from how sure one is of them."""

import pytest

from dagster_kb.gates.evidence import Passage
from dagster_kb.publishing.own_questions import WORDS, questions_of
from kb_contract.agent_manifest import RetrievalSettings
from kb_contract.calibration import USUAL_MIDDLE, USUAL_QUOTED_FROM, OwnQuestions

SENTENCE = "The brass compass in the northern tower leans towards the oldest copper mirror."


def passage(text: str, chunk: str = "one") -> Passage:
    return Passage(chunk, "a.md", (), 0, len(text), text)


def own(middle: float | None) -> OwnQuestions:
    return OwnQuestions(asked=64, middle=middle, chunks=300, generation=1)


def test_a_question_is_six_telling_words_of_one_sentence_in_their_order():
    [made] = questions_of([passage(f"# Tower\n\n{SENTENCE}")])
    words = made.split()
    assert len(words) == WORDS
    places = [SENTENCE.index(one) for one in words]
    assert places == sorted(places)
    assert "the" not in words


def test_the_same_passage_always_gives_the_same_question_and_others_give_others():
    text = f"{SENTENCE} A green lantern hangs over every wooden gate of the harbour."
    several = [passage(text, f"chunk {number}") for number in range(20)]
    made = list(questions_of(several))
    assert made == list(questions_of(several))
    assert len(set(made)) > 10


@pytest.mark.parametrize("text", ["", "# Tower", "| 1 | 2 |\n| 3 | 4 |", "It is on. So is it."])
def test_no_question_is_made_of_what_has_no_sentence(text: str):
    assert list(questions_of([passage(text)])) == []


def test_an_agent_that_is_as_most_are_answers_from_where_most_do():
    assert own(USUAL_MIDDLE).quoted_from == USUAL_QUOTED_FROM
    assert own(None).quoted_from == USUAL_QUOTED_FROM


def test_who_runs_high_must_be_surer_and_who_runs_low_less_within_bounds():
    low, usual, high = (own(one).quoted_from for one in (0.42, USUAL_MIDDLE, 0.56))
    assert low < usual < high
    assert high - usual < usual - low, "a wrong refusal costs more than a passage too many"
    assert 0.2 < own(0.0).quoted_from < low
    assert high < own(1.0).quoted_from < 0.45


def test_what_agent_yaml_says_counts_for_finding_and_for_quoting():
    said = RetrievalSettings(threshold=0.5)
    assert said.found_from == said.quoted_from(own(0.6)) == 0.5
    unsaid = RetrievalSettings()
    assert unsaid.found_from < unsaid.quoted_from(None) == USUAL_QUOTED_FROM
    assert unsaid.quoted_from(own(0.6)) == own(0.6).quoted_from
