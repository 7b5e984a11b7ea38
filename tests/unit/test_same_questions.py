"""Which questions share an answer: labelled pairs of many domains, written by hand."""

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.caching.sameness import same_question

FOLDER = Path(__file__).parent / "same_questions"
GROUPS = [line.split(" | ") for line in (FOLDER / "groups.txt").read_text().splitlines()]
DIFFERENT = [line.split("\t") for line in (FOLDER / "different.tsv").read_text().splitlines()]
OTHER = [line.split("\t") for line in (FOLDER / "other_languages.tsv").read_text().splitlines()]
# Of each language a sentence, and words that turn it into another question.
TURNED = {
    "Wer darf {} im Hof parken?": "nie immer nicht kein jeder niemand zwei zwölf zwanzig 2 12 vor nach ohne mit nur auch",
    "Qui doit {} payer la taxe du chien?": "jamais toujours ne pas aucun chaque deux douze vingt 2 12 avant après sans avec seulement aussi",
    "¿Quién debe {} pagar la tasa del perro?": "nunca siempre no ningún cada dos doce veinte 2 12 antes después sin con solo también",
    "Chi deve {} pagare la tassa del cane?": "mai sempre non nessun ogni due dodici venti 2 12 prima dopo senza con solo anche",
    "Quem deve {} pagar a taxa do cão?": "nunca sempre não nenhum cada dois doze vinte 2 12 antes depois sem com só também",
    "Wie moet {} de belasting voor de hond betalen?": "nooit altijd niet geen elk twee twaalf twintig 2 12 vóór na zonder met alleen ook",
    "Kto musi {} płacić podatek?": "nigdy zawsze nie żaden każdy dwa 2 12 przed po bez z tylko i do we a",
}  # fmt: skip
PARAPHRASES = [pair for group in GROUPS for pair in itertools.combinations(group, 2)]


STRANGERS = [json.loads(line) for line in (FOLDER / "strangers.jsonl").read_text().splitlines()]


def test_pairs_of_an_author_who_saw_none_of_this() -> None:
    """Run once before it was kept here: 0 of 129 different ones shared an answer, 11 of 45 same ones did."""
    assert not [one for one in STRANGERS if not one["same"] and same_question(one["a"], one["b"])]
    same = [one for one in STRANGERS if one["same"]]
    assert sum(same_question(one["a"], one["b"]) for one in same) / len(same) >= 0.2


def test_the_sets_are_as_large_as_they_should_be() -> None:
    assert len(DIFFERENT) >= 300
    assert len(PARAPHRASES) >= 150
    assert len({tuple(one) for one in DIFFERENT}) == len(DIFFERENT)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_near_questions_never_share_an_answer(one: str, other: str) -> None:
    assert not same_question(one, other)
    assert not same_question(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_nor_do_they_in_other_languages(one: str, other: str) -> None:
    assert not same_question(one, other)
    assert not same_question(other, one)


@pytest.mark.parametrize("sentence", TURNED)
def test_a_word_that_turns_a_question_is_never_passed_over(sentence: str) -> None:
    words = ["", *TURNED[sentence].split()]
    asked = [" ".join(sentence.format(word).split()) for word in words]
    assert not [pair for pair in itertools.combinations(asked, 2) if same_question(*pair)]
    assert all(same_question(one, f" {one[0].lower()}{one[1:].rstrip('?')} ?") for one in asked)


def test_questions_of_different_groups_never_share_an_answer() -> None:
    for first, second in itertools.combinations(GROUPS, 2):
        assert not any(same_question(a, b) for a in first for b in second)


def test_many_wordings_of_one_question_do() -> None:
    found = sum(same_question(a, b) for a, b in PARAPHRASES)
    assert found / len(PARAPHRASES) >= 0.44
    assert all(same_question(b, a) == same_question(a, b) for a, b in PARAPHRASES)


@settings(deadline=None)
@given(st.sampled_from([one for group in GROUPS for one in group]))
def test_a_question_is_itself_however_it_is_spaced_and_ended(question: str) -> None:
    assert same_question(question, f"  {question.rstrip('?. ')}  ?")


@settings(deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_is_too_odd_to_be_compared(one: str, other: str) -> None:
    assert same_question(one, other) == same_question(other, one)
