"""What a claim says beyond its true quote is found, of whatever kind it is: the graph is shown some of these."""

import pytest

from graph.citations.claims import quote_of
from graph.citations.support import Known, key_of, supported
from graph.state import Passage
from tests.doubles.fabricator import PAGE, SAID_OF_QUOTES, Lie, false_claims
from tests.doubles.in_memory_knowledge import InMemoryKnowledge


@pytest.fixture(scope="module")
def passages() -> list[Passage]:
    reader = InMemoryKnowledge()
    reader.add_document("a", "knowledge/a/keys.md", PAGE)
    return reader.chunks["a", 1]


def held_against_its_quote(lie: Lie, text: str, passages: list[Passage]) -> bool:
    one = next(one for one in passages if lie.quote in one["text"])
    start = one["text"].index(lie.quote)
    quotes = [quote_of(one, start, start + len(lie.quote))]
    kept, _ = supported({"text": text, "quotes": quotes}, Known({key_of(one): one}))
    return kept is not None


@pytest.mark.parametrize("lie", [*false_claims()], ids=lambda lie: lie.text)
def test_a_claim_that_says_more_than_its_quote_is_left_out(
    lie: Lie, passages: list[Passage]
) -> None:
    assert not held_against_its_quote(lie, lie.text, passages)


@pytest.mark.parametrize("quote", SAID_OF_QUOTES)
def test_the_quote_itself_is_kept(quote: str, passages: list[Passage]) -> None:
    assert held_against_its_quote(Lie("true", quote, quote), quote, passages)
