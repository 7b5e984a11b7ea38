import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kb_contract.agent_manifest import Blend
from kb_contract.asked_question import FOUND_FOR_A_PART, Question, aims
from kb_contract.question_parts import MOST_PARTS, spans_of_parts
from kb_contract.ranking import Candidate, candidates_of, ranked, relevance, shortlist, sureness
from kb_contract.sentence_models.vectors import ReadText
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
        order = ranked(asked, candidates_of([cosine, bm25]), BLEND, threshold=-1.0)
        assert sorted(one.chunk_id for one in order) == sorted({**cosine, **bm25})


def test_what_is_best_by_meaning_and_by_words_is_best() -> None:
    asked = question("rotate keys")
    found = candidates_of([{"a": 0.9, "b": 0.8, "c": 0.1}, {"a": 9.0, "c": 8.0}])
    assert [one.chunk_id for one in ranked(asked, found, BLEND, threshold=0.0)] == ["a", "c", "b"]
    assert [one.chunk_id for one in shortlist(asked, found, BLEND, 1)] == ["a"]


def test_nothing_is_found_when_the_best_does_not_fit() -> None:
    found = candidates_of([{"a": 0.2, "b": 0.1}, {"a": 1.0}])
    [best, *_] = ranked(question("keys"), found, BLEND, threshold=0.0)
    assert not ranked(question("keys"), found, BLEND, threshold=best.relevance + 0.01)
    assert len(ranked(question("keys"), found, BLEND, threshold=best.relevance)) == 2


def test_passages_that_say_together_what_is_asked_are_surer_than_the_best_alone() -> None:
    words = WordVectors(("keys", "harbour"), rows(0.0, 1.5).rows)
    asked = question("keys harbour", words)
    keys, harbour = (
        Candidate(one, 0.5, 1.0, rows(at).pack()) for one, at in (("a", 0.0), ("b", 1.5))
    )
    alone, both = sureness(asked, [keys], BLEND), sureness(asked, [keys, harbour], BLEND)
    assert alone < both
    assert not ranked(asked, [keys], BLEND, threshold=both)
    assert len(ranked(asked, [keys, harbour], BLEND, threshold=both)) == 2
    assert sureness(asked, [], BLEND) == 0.0


def test_without_vectors_of_words_the_best_passage_alone_decides() -> None:
    found = candidates_of([{"a": 0.9, "b": 0.2}, {"a": 3.0}])
    asked = question("rotate keys")
    assert sureness(asked, found, BLEND) == max(relevance(asked, found, BLEND))


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


TWO_THINGS = "How often are the harbour lanterns polished, and who repairs the broken organ pipes?"


def one_hot(text: str) -> WordVectors:
    """Every telling word of a text as a direction of its own."""
    words = tuple(
        one for one in text.replace(",", "").replace("?", "").split() if question_weights(one)
    )
    made = np.zeros((len(words), 64), np.float32)
    for row, word in enumerate(words):
        [term] = question_weights(word)
        made[row, term % 64] = 1.0
    return WordVectors(words, made)


def test_a_question_of_one_thing_has_no_parts_and_one_of_two_has_them() -> None:
    assert question("How often are lanterns polished?", one_hot("lanterns polished")).parts == ()
    asked = question(TWO_THINGS, one_hot(TWO_THINGS))
    assert [one.terms for one in asked.parts] == [
        frozenset(question_weights("How often are the harbour lanterns polished")),
        frozenset(question_weights("who repairs the broken organ pipes?")),
    ]
    for part in asked.parts:
        assert np.isclose(part.weights.sum(), 1.0)


def test_what_answers_one_part_comes_before_what_touches_both() -> None:
    asked = question(TWO_THINGS, one_hot(TWO_THINGS))
    texts = {
        "both": "The harbour has an organ, lanterns, and pipes.",
        "lanterns": "The harbour lanterns are polished often.",
        "organ": "The smith repairs broken organ pipes.",
    }
    found = [
        Candidate(
            name,
            0.5,
            6.0 if name == "both" else 4.0,
            words=one_hot(text).pack(),
            text=lambda text=text: text,
        )
        for name, text in texts.items()
    ]
    alone = Blend(spread=0.0, parts=0.0, likeness=0.0)
    assert ranked(asked, found, alone, threshold=0.0)[0].chunk_id == "both"
    order = ranked(asked, found, alone.model_copy(update={"parts": 0.8}), threshold=0.0)
    assert {one.chunk_id for one in order[:2]} == {"lanterns", "organ"}
    whole = {one.chunk_id: one.relevance for one in ranked(asked, found, alone, threshold=0.0)}
    assert {one.chunk_id: one.relevance for one in order} == whole, "relevance is of the whole"


def test_near_copies_go_to_the_end_and_what_differs_comes_up_where_that_is_wanted() -> None:
    words = [
        "The",
        "smith",
        "repairs",
        "broken",
        "organ",
        "pipes",
        "in",
        "the",
        "old",
        "harbour",
        "chapel",
        "every",
        "spring",
    ]
    texts = {
        "first": " ".join(words), "copy": " ".join([*words, "again"]),
        "near": " ".join([*words[:7], "with tin and lead bars"]), "other": "A violin hangs in the hall",
    }  # fmt: skip
    cosines = {"first": 0.9, "copy": 0.89, "near": 0.7, "other": 0.69}
    found = [
        Candidate(name, cosines[name], 0.0, text=lambda text=text: text)
        for name, text in texts.items()
    ]

    def order(**said: object) -> list[str]:
        blend = Blend.model_validate(said)
        return [one.chunk_id for one in ranked(question("organ"), found, blend, threshold=0.0)]

    assert order() == ["first", "copy", "near", "other"]
    assert order(repeats="last") == ["first", "near", "other", "copy"]
    assert order(diversity=2.0)[:2] == ["first", "other"]
    assert sorted(order(diversity=2.0, repeats="last")) == sorted(texts)


def test_every_part_is_an_aim_and_what_it_finds_is_weighed() -> None:
    read = ReadText(TWO_THINGS, [1.0] + [0.0] * 63, one_hot(TWO_THINGS))
    asked = question(TWO_THINGS, read.words)
    whole, *parts = aims(read, asked, 30)
    assert (whole.dense, whole.most) == (read.vector, 30)
    assert [one.most for one in parts] == [FOUND_FOR_A_PART] * 2
    assert all(np.isclose(np.linalg.norm(one.dense), 1.0) for one in parts)
    assert {*parts[0].words, *parts[1].words} <= {*whole.words}
    found = candidates_of([{"a": 0.9, "b": 0.8, "c": 0.1}, {}, {"c": 0.7}, {}])
    assert [one.chunk_id for one in shortlist(asked, found, BLEND, 1)] == ["a", "c"]


@given(st.text(alphabet="ab ,;.?!", max_size=80))
def test_parts_lie_one_behind_the_other_in_the_question(text: str) -> None:
    spans = spans_of_parts(text)
    assert spans
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert [start for start, _ in spans] == sorted(start for start, _ in spans)
    assert len(spans) <= MOST_PARTS


@given(st.lists(st.integers(0, 5), max_size=6))
def test_packed_words_come_back_as_the_signs_of_neighbours(sizes: list[int]) -> None:
    packed = [rows(*[float(one) for one in range(size)]).pack() for size in sizes]
    back, begin = unpacked(packed, 8)
    kept = [(size + 1) // 2 for size in sizes]
    assert begin == [sum(kept[:place]) for place in range(len(sizes))]
    assert back.shape == (sum(kept), 8)
    signs = [np.unpackbits(np.frombuffer(one, np.uint8)) for one in packed if one]
    assert np.array_equal((back > 0).ravel(), [*map(bool, np.concatenate([[], *signs]))])
    assert np.allclose(np.linalg.norm(back, axis=1), 1.0)


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
