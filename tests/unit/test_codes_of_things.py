"""Who asks about one thing by its code is not answered with what is said of another."""

import pytest

from graph.retrieval.answer_sentences import answer_sentences
from graph.retrieval.codes import are_of_others, codes_in
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
