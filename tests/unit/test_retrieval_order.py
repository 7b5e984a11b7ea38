from datetime import UTC, datetime

from graph.citations.claims import claim_of, without_wider
from graph.retrieval.answer_sentences import answer_sentences
from graph.retrieval.hybrid import hybrid_requests
from graph.retrieval.rights import Rights
from graph.retrieval.sentences import units
from graph.retrieval.terms import asked_terms, terms
from kb_contract.asked_question import Aim
from kb_contract.sparse_words import question_weights
from tests.doubles.in_memory_knowledge import InMemoryKnowledge, WordEmbedder


def test_every_request_sees_only_what_is_published_and_the_agents_own() -> None:
    asked = [Aim([0.1], question_weights("keys"), 7), Aim([0.2], question_weights("locks"), 3)]
    only = Rights(("everyone",), datetime(2026, 1, 1, tzinfo=UTC)).permitted("a")
    meaning, words, *parts = hybrid_requests(only, asked)
    for request in (meaning, words):
        assert isinstance(request.prefetch, list)
        assert [part.limit for part in request.prefetch] == [7, 7, 3, 3]
        assert all(part.filter == only for part in request.prefetch)
    assert [(one.limit, one.filter) for one in parts] == [(3, only), (3, only)]


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


async def best_of(text: str, question: str) -> list[str]:
    knowledge = InMemoryKnowledge()
    knowledge.add_document("a", "x.md", text)
    passages = await knowledge.search("a", question)
    found = await answer_sentences(question, passages, WordEmbedder(), limit=3)
    return [one.text for one in found]


async def test_who_asks_how_many_of_a_thing_gets_an_amount_of_that_thing() -> None:
    text = (
        "# Ferries\n\nA ferry with bicycles leaves every 20 minutes.\n\n"
        "# Bicycles\n\nA ferry takes at most **twelve bicycles**, and 3 tandems.\n"
    )
    found = await best_of(text, "How many bicycles may a ferry have?")
    assert found == ["A ferry takes at most **twelve bicycles**, and 3 tandems."]


async def test_each_of_two_things_that_share_a_verb_is_answered() -> None:
    text = (
        "# Lanterns\n\nLanterns in the harbour are polished every week.\n\n"
        "# Ropes\n\nThe ropes of ferries are replaced every spring. A rope is no toy.\n"
    )
    both = await best_of(text, "How often are harbour lanterns polished and ferry ropes replaced?")
    assert both == [
        "Lanterns in the harbour are polished every week.",
        "The ropes of ferries are replaced every spring.",
    ]
    one = await best_of(text, "How often are harbour lanterns polished?")
    assert one == ["Lanterns in the harbour are polished every week."]


def test_a_table_is_not_shown_beside_its_row() -> None:
    text = "Fees by year:\n\n| year | fee |\n| --- | --- |\n| 2024 | 5 |\n| 2025 | 6 |\n"
    [passage] = InMemoryKnowledge().add_document("a", "x.md", text)
    opening, _, row = units(text)
    table, alone = claim_of(passage, opening), claim_of(passage, row)
    assert "2025" in table["text"]
    assert without_wider([table, alone]) == [alone]
    assert without_wider([table]) == [table]
