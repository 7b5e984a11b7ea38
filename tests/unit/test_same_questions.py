"""Which questions share an answer: labelled pairs of many domains, written by hand."""

import itertools
import json
import random
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
# Words that make another question of any that they are put into.
TELLING_WORDS = [
    "not",
    "only",
    "also",
    "then",
    "just",
    "never",
    "still",
    "again",
    "always",
    "too",
    "no",
    "all",
    "some",
    "any",
    "my",
    "your",
    "their",
    "two",
    "most",
    "other",
    "even",
    "ever",
    "instead",
    "both",
    "each",
    "every",
    "without",
    "if",
    "unless",
    "usually",
    "first",
    "last",
    "later",
    "him",
    "them",
    "this",
    "it",
    "that",
]
PARAPHRASES = [pair for group in GROUPS for pair in itertools.combinations(group, 2)]


STRANGERS = [json.loads(line) for line in (FOLDER / "strangers.jsonl").read_text().splitlines()]


def by_kind(file: str) -> list[tuple[str, str, str]]:
    """Pairs of a file, each with the kind that its heading names."""
    found: list[tuple[str, str, str]] = []
    kind = ""
    for line in (FOLDER / file).read_text().splitlines():
        if line.startswith("# "):
            kind = line[2:]
        else:
            first, second = line.split(" | ")
            found.append((kind, first, second))
    return found


NEAR, WORDINGS = by_kind("by_kind.txt"), by_kind("wordings.txt")
ASKED = list(dict.fromkeys(one for _, *pair in NEAR for one in pair))


def test_pairs_of_an_author_who_saw_none_of_this() -> None:
    """Run before it was kept here: none of 129 different ones shared an answer."""
    assert not [one for one in STRANGERS if not one["same"] and same_question(one["a"], one["b"])]
    same = [one for one in STRANGERS if one["same"]]
    assert sum(same_question(one["a"], one["b"]) for one in same) / len(same) >= 0.15


@pytest.mark.parametrize("kind", sorted({kind for kind, *_ in NEAR}))
def test_questions_that_differ_in_one_kind_of_thing_never_share_an_answer(kind: str) -> None:
    """All but the last kind were written before the rule of that time was looked at: 43 shared one."""
    pairs = [(one, other) for of, one, other in NEAR if of == kind]
    assert len(pairs) >= 12
    assert not [
        (a, b)
        for one, other in pairs
        for a, b in ((one, other), (other, one))
        if same_question(a, b)
    ]


def test_wordings_written_before_the_rule_mostly_share_one() -> None:
    assert len(WORDINGS) >= 100
    shared = [same_question(one, other) for _, one, other in WORDINGS]
    assert sum(shared) / len(shared) >= 0.6


@pytest.mark.parametrize("word", TELLING_WORDS)
def test_no_word_is_passed_over_wherever_it_is_put(word: str) -> None:
    for asked in ASKED[TELLING_WORDS.index(word) % 8 :: 8]:
        words = asked.rstrip("?. ").split()
        places = range(1, len(words) + 1)
        more = (" ".join((*words[:place], word, *words[place:])) for place in places)
        assert not [one for one in more if same_question(asked, one)]


def test_words_that_change_places_or_their_number_make_another_question() -> None:
    for asked in ASKED:
        words = asked.rstrip("?. ").split()
        for place in range(1, len(words) - 1):
            one, other = words[place : place + 2]
            turned = " ".join((*words[:place], other, one, *words[place + 2 :]))
            dated = "April" in other or "July" in other or "May" in other
            assert one == other or dated or not same_question(asked, turned)
            number = one.removesuffix("s") if one.endswith("s") else f"{one}s"
            counted = " ".join((*words[:place], number, *words[place + 1 :]))
            assert not same_question(asked, counted)


def test_a_day_as_people_ask_hits_often_and_never_by_mistake() -> None:
    """Drawn by Zipf's law, each in any wording of its group, where every answer is kept."""
    dice = random.Random(7)
    weights = [1 / rank for rank in range(1, len(GROUPS) + 1)]
    kept: list[tuple[int, str]] = []
    hits, reworded = 0, 0
    for group in dice.choices(range(len(GROUPS)), weights, k=400):
        question = dice.choice(GROUPS[group])
        found = [(of, one) for of, one in kept if same_question(one, question)]
        assert all(of == group for of, _ in found)
        hits += bool(found)
        reworded += bool(found) and all(one != question for _, one in found)
        if not found:
            kept.append((group, question))
    assert hits / 400 >= 0.5
    assert reworded / 400 >= 0.03


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
    """More would, were "reset code" never an order: without "the" it might be one."""
    found = sum(same_question(a, b) for a, b in PARAPHRASES)
    assert found / len(PARAPHRASES) >= 0.13
    assert all(same_question(b, a) == same_question(a, b) for a, b in PARAPHRASES)


@settings(deadline=None)
@given(st.sampled_from([one for group in GROUPS for one in group]))
def test_a_question_is_itself_however_it_is_spaced_and_ended(question: str) -> None:
    assert same_question(question, f"  {question.rstrip('?. ')}  ?")


@settings(deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_is_too_odd_to_be_compared(one: str, other: str) -> None:
    assert same_question(one, other) == same_question(other, one)
