"""Who asks about one thing by its code is not answered with what is said of another."""

from functools import partial

import pytest

from graph.retrieval.answer_sentences import answer_sentences
from kb_contract.agent_manifest import Blend
from kb_contract.asked_question import Question, aims
from kb_contract.codes import are_of_others, codes_in, names_none
from kb_contract.ranking import Candidate, ranked
from kb_contract.sentence_models.vectors import ReadText
from kb_contract.sentence_models.word_vectors import NO_WORDS
from kb_contract.sparse_words import question_weights
from kb_contract.term_counts import TermCounts
from tests.doubles.in_memory_knowledge import InMemoryKnowledge, WordEmbedder

UNITS = """# Units

The impeller of unit K-5778 is torqued to 561 Nm.

The impeller of unit K-5082 is torqued to 43 Nm.
"""
SECTIONS = """# Units

## K-5082

The impeller is torqued to 43 Nm. It replaces unit K-4000.

## K-4000

The impeller is torqued to 80 Nm.
"""


@pytest.mark.parametrize(
    ("asked", "said", "of_others"),
    [
        ("torque of K-5082", "K-5778 has 561 Nm", True),
        ("torque of K-5082", "k5082 has 43 Nm", False),
        ("torque of K-5082", "K-5778 and K-5082 have 43 Nm", False),
        ("torque of K-5082", "the impeller has 43 Nm in Q3", False),
        ("the p95 latency", "The p99 latency is 300 ms.", True),
        ("what is new in v2", "v2.1 brings rollback", False),
        ("what is new in v2.1", "v2.2 brings rollback", True),
        ("is CVE-2024-1234 mended", "CVE-2024-4321 is mended.", True),
        ("is CVE-2024-1234 mended", "It is mended (CVE-2024-1234).", False),
        ("revenue of K-5 in Q3", "K-5 earned 3 million in Q2", True),
        ("from Q2 to Q3", "In Q3 it was more", False),
        ("how long is it kept", "K-5778 is kept for a year", False),
    ],
)
def test_what_is_of_others(asked: str, said: str, of_others: bool) -> None:
    assert are_of_others(codes_in(asked), codes_in(said)) is of_others


async def answers(text: str, question: str) -> list[str]:
    knowledge = InMemoryKnowledge()
    knowledge.add_document("a", "x.md", text)
    passages = await knowledge.search("a", question)
    found = await answer_sentences(question, passages, WordEmbedder(), limit=3)
    return [one.text for one in found]


async def test_the_thing_that_is_asked_about_answers_or_nothing_does() -> None:
    asked = "To how many Nm is the impeller of unit {} torqued?"
    assert await answers(UNITS, asked.format("K-5082")) == [
        "The impeller of unit K-5082 is torqued to 43 Nm."
    ]
    assert await answers(UNITS, asked.format("K-9999")) == []


async def test_a_heading_names_the_thing_for_its_sentences() -> None:
    found = await answers(SECTIONS, "To how many Nm is the impeller of K-5082 torqued?")
    assert "The impeller is torqued to 43 Nm." in found
    assert "The impeller is torqued to 80 Nm." not in found


@pytest.mark.parametrize(
    ("asked", "text", "none"),
    [
        ("What does ZR0148 stand for?", "#!/bin/sh", True),
        ("What does ZR0148 stand for?", "zr0148 stands for lunar pebble", False),
        ("the torque of K-5082", "K 5082 has 43 Nm", False),
        ("from K-5082 to K-5778", "K-5778 has 561 Nm", False),
        ("is CVE-2024-1234 mended", "All known holes are mended.", True),
        # In other words: the 99th percentile, the third quarter.
        ("the p99 latency in Q3", "The 99th percentile of the third quarter", False),
        ("how long is it kept", "for a year", False),
    ],
)
def test_what_cannot_be_about_what_is_asked(asked: str, text: str, none: bool) -> None:
    assert names_none(codes_in(asked), text) is none


async def test_nothing_is_quoted_where_no_passage_names_the_thing() -> None:
    assert await answers("# Tools\n\n//!\n\nHammers stand here.\n", "What is unit K-5082?") == []


async def test_what_has_another_name_in_the_documents_answers_too() -> None:
    text = "# Certificates\n\nCertificates are renewed with certbot.\n\n//!\n\nThey are files.\n"
    assert await answers(text, "How do I renew an x509 certificate?") == [
        "Certificates are renewed with certbot."
    ]


def test_what_names_the_thing_is_first_among_what_is_said_alike() -> None:
    texts = {
        "other": "The code ZR0153 stands for velvet saddle 2996.",
        "meant": "CREATE TABLE t (a int); -- ZR0148 stands for lunar pebble 2931.",
    }
    found = [
        Candidate(name, cosine, 1.0, text=partial(str, text))
        for (name, text), cosine in zip(texts.items(), (0.65, 0.4), strict=True)
    ]
    asked = Question.of("What does the code ZR0148 stand for?", NO_WORDS, TermCounts(0, {}))
    order = ranked(asked, found, Blend(), threshold=0.0)
    assert [one.chunk_id for one in order] == ["meant", "other"]
    uncoded = Question.of("What does the code stand for?", NO_WORDS, TermCounts(0, {}))
    [first, _] = ranked(uncoded, found, Blend(), threshold=0.0)
    assert first.chunk_id == "other"


def test_a_collection_is_asked_for_codes_by_themselves() -> None:
    asked = "What does the code K-5082 stand for?"
    read = ReadText(asked, [1.0, 0.0], NO_WORDS)
    [whole, named] = aims(read, Question.of(asked, NO_WORDS, TermCounts(0, {})), 20)
    assert (set(named.words), set(whole.words) > set(named.words)) == (
        set(question_weights("K-5082")),
        True,
    )
