import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kb_contract.agent_manifest import Blend
from kb_contract.ranking import Candidate, Question, both_scores, ranked, relevance, shortlist
from kb_contract.sentence_models.word_vectors import NO_WORDS, WordVectors, unpacked
from kb_contract.sparse_words import document_weights, question_weights
from kb_contract.term_counts import PackedCounts, TermCounts

BLEND = Blend()
COUNTED = TermCounts(0, {})
LONG = (
    "Which auditor praised the harbour master, which dentist sold the tractor, which pilot painted "
    "the lighthouse and which baker drowned the piano?"
)


def question(text: str, words: WordVectors = NO_WORDS, counts: TermCounts = COUNTED) -> Question:
    return Question.of(text, words, counts)


def rows(*numbers: float) -> WordVectors:
    made = np.array([[np.cos(one), np.sin(one)] + [0.0] * 6 for one in numbers], np.float32)
    return WordVectors(tuple("keys" for _ in numbers), made)


scores = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 1), max_size=8)


@given(scores, st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0, 50), max_size=8))
def test_every_passage_has_one_place(cosine: dict[str, float], bm25: dict[str, float]) -> None:
    for asked in (question("keys"), question(LONG)):
        order = ranked(asked, both_scores(cosine, bm25), BLEND, threshold=-1.0)
        assert sorted(one.chunk_id for one in order) == sorted({**cosine, **bm25})


def test_what_is_best_by_meaning_and_by_words_is_best() -> None:
    asked = question("rotate keys")
    found = both_scores({"a": 0.9, "b": 0.8, "c": 0.1}, {"a": 9.0, "c": 8.0})
    assert [one.chunk_id for one in ranked(asked, found, BLEND, threshold=0.0)] == ["a", "c", "b"]
    assert [one.chunk_id for one in shortlist(asked, found, BLEND, 1)] == ["a"]


def test_nothing_is_found_when_the_best_does_not_fit() -> None:
    found = both_scores({"a": 0.2, "b": 0.1}, {"a": 1.0})
    [best, *_] = ranked(question("keys"), found, BLEND, threshold=0.0)
    assert not ranked(question("keys"), found, BLEND, threshold=best.relevance + 0.01)
    assert len(ranked(question("keys"), found, BLEND, threshold=best.relevance)) == 2


def test_a_word_near_one_of_the_passage_decides_between_equals() -> None:
    asked = question("keys", rows(0.1))
    near, far = rows(0.1, 3.0).pack(), rows(3.0, 3.1).pack()
    found = [Candidate("far", 0.5, 1.0, far), Candidate("near", 0.5, 1.0, near)]
    assert [one.chunk_id for one in ranked(asked, found, BLEND, threshold=0.0)] == ["near", "far"]
    same = relevance(asked, found, Blend(likeness=0.0))
    assert same[0] == same[1]


def test_passages_without_packed_words_are_weighed_by_what_is_known() -> None:
    asked = question("keys", rows(0.1))
    [with_words, without] = relevance(
        asked, [Candidate("a", 0.5, 0.0, rows(0.1).pack()), Candidate("b", 0.5, 0.0)], BLEND
    )
    assert without == 0.25
    assert 0 < with_words < 1


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    [keys], [often] = question_weights("keys"), question_weights("daily")
    counts = TermCounts(100, {often: 90, keys: 1})
    rare = relevance(question("keys", counts=counts), [Candidate("a", 0.0, 2.0)], BLEND)
    common = relevance(question("daily", counts=counts), [Candidate("a", 0.0, 2.0)], BLEND)
    assert rare[0] < common[0]


def test_in_a_few_chunks_a_word_that_is_nowhere_is_not_all_that_counts() -> None:
    [keys], [often] = question_weights("keys"), question_weights("daily")
    few, many = TermCounts(2, {keys: 1}), TermCounts(100_000, {keys: 1})
    assert few.rarity(keys) < few.rarity(often) < 1.3 * few.rarity(keys)
    assert many.rarity(keys) < many.rarity(often) < 1.3 * many.rarity(keys)
    assert COUNTED.rarity(often) > 0


def test_a_long_question_gets_passages_that_hold_its_several_parts() -> None:
    texts = {
        "a": "The auditor praised the harbour master.",
        "b": "An auditor praised a harbour master again.",
        "c": "The dentist sold the tractor.",
    }
    found = [
        Candidate("a", 0.60, 9.0, text=lambda: texts["a"]),
        Candidate("b", 0.59, 9.0, text=lambda: texts["b"]),
        Candidate("c", 0.589, 9.0, text=lambda: texts["c"]),
    ]
    order = ranked(question(LONG), found, BLEND, threshold=0.0)
    assert [one.chunk_id for one in order] == ["a", "c", "b"]
    kept = ranked(question(LONG), found, Blend(spread=0.0), threshold=0.0)
    assert [one.chunk_id for one in kept] == ["a", "b", "c"]
    short = ranked(question("auditor dentist"), found, BLEND, threshold=0.0)
    assert [one.chunk_id for one in short] == ["a", "b", "c"]


@given(st.lists(st.integers(0, 5), max_size=6))
def test_packed_words_come_back_as_the_signs_of_neighbours(sizes: list[int]) -> None:
    packed = [rows(*[float(one) for one in range(size)]).pack() for size in sizes]
    back = unpacked(packed, 8)
    assert [len(one) for one in back] == [(size + 1) // 2 for size in sizes]
    for one in back:
        assert np.allclose(np.linalg.norm(one, axis=1), 1.0)


@given(st.lists(st.sampled_from(["keys rotate", "old keys", "a lighthouse", ""]), max_size=9))
def test_counts_follow_what_comes_and_goes(texts: list[str]) -> None:
    bags = [document_weights(one).keys() for one in texts]
    counted = TermCounts(0, {}).changed((1, one) for one in bags)
    again = PackedCounts(counted.chunks, counted.pack())
    assert again.all() == counted
    asked = question_weights("keys lighthouse elephants")
    assert again.get(asked).holding == {
        term: sum(term in one for one in bags) for term in asked if any(term in one for one in bags)
    }
    gone = again.all().changed((-1, one) for one in bags)
    assert gone == TermCounts(0, {})
