from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from qdrant_client import models

from graph.citations.claims import claim_of, without_wider
from graph.retrieval.answer_sentences import answer_sentences
from graph.retrieval.hybrid import QuestionVectors, hybrid_requests, ranked_hits
from graph.retrieval.rights import Rights
from graph.retrieval.sentences import units
from graph.retrieval.terms import asked_terms, sparse_query, terms
from kb_contract.ranking import fused
from tests.doubles.in_memory_knowledge import InMemoryKnowledge, WordEmbedder

scores = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 1), max_size=8)


@given(scores, st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0, 50), max_size=8))
def test_fusion_orders_every_id_once(cosine: dict[str, float], bm25: dict[str, float]) -> None:
    assert sorted(fused(cosine, bm25)) == sorted({**cosine, **bm25})


def test_an_id_that_is_best_in_both_is_best() -> None:
    assert fused({"a": 0.9, "b": 0.8}, {"a": 9.0, "c": 8.0})[0] == "a"
    assert fused({"a": 0.9, "b": 0.1}, {}) == ["a", "b"]


def point(number: int, score: float) -> models.ScoredPoint:
    return models.ScoredPoint(id=number, version=0, score=score)


def test_what_is_below_the_threshold_is_not_found_however_many_words_it_shares() -> None:
    hits = ranked_hits([point(1, 0.6), point(2, 0.1)], [point(2, 30.0)], threshold=0.25)
    assert [(hit.chunk_id, hit.cosine) for hit in hits] == [("1", 0.6)]


def test_every_request_sees_only_what_is_published_and_the_agents_own() -> None:
    vectors = QuestionVectors([0.1], sparse_query("keys"))
    only = Rights(("everyone",), datetime(2026, 1, 1, tzinfo=UTC)).permitted("a")
    for request in hybrid_requests(only, vectors, 7):
        assert isinstance(request.prefetch, list)
        for part in request.prefetch:
            assert part.limit == 7
            assert part.filter == only


def test_words_are_compared_by_their_stems() -> None:
    assert terms("rotating keys") == terms("the key rotates")
    assert asked_terms("How often must the keys be rotated?") == terms("keys rotated")
    assert asked_terms("What does it do?") == terms("What does it do?")


async def test_the_sentence_that_answers_comes_first_and_an_unrelated_question_gets_none() -> None:
    knowledge = InMemoryKnowledge()
    text = "# Keys\n\nKeys are secret. Signing keys are rotated every 90 days. Ask the lead.\n"
    knowledge.add_document("a", "x.md", text)
    asked = "How often are signing keys rotated?"
    passages = await knowledge.search("a", asked)
    best = await answer_sentences(asked, passages, WordEmbedder(), limit=3)
    assert best[0].text == "Signing keys are rotated every 90 days."
    stranger = [{**one, "score": 0.1} for one in passages]
    assert await answer_sentences("Capital of Mongolia?", stranger, WordEmbedder(), limit=3) == []  # pyright: ignore[reportArgumentType]


async def test_who_asks_how_long_gets_the_sentence_with_the_amount() -> None:
    knowledge = InMemoryKnowledge()
    text = "# Keys\n\nSigning keys are kept in the vault. Signing keys live for 90 days. Keep signing keys apart.\n"
    knowledge.add_document("a", "x.md", text)
    passages = await knowledge.search("a", "How long do signing keys live?")
    best = await answer_sentences("How long for signing keys?", passages, WordEmbedder(), limit=3)
    assert [one.text for one in best] == ["Signing keys live for 90 days."]
    best = await answer_sentences("Why signing keys?", passages, WordEmbedder(), limit=3)
    assert len(best) > 1


def test_a_table_is_not_shown_beside_its_row() -> None:
    text = "Fees by year:\n\n| year | fee |\n| --- | --- |\n| 2024 | 5 |\n| 2025 | 6 |\n"
    [passage] = InMemoryKnowledge().add_document("a", "x.md", text)
    opening, _, row = units(text)
    table, alone = claim_of(passage, opening), claim_of(passage, row)
    assert "2025" in table["text"]
    assert without_wider([table, alone]) == [alone]
    assert without_wider([table]) == [table]
