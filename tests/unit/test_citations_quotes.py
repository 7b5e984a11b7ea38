import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.citations.claims import (
    numbers,
    quote_of,
    widened,
    without_repeats,
)
from graph.citations.quotes import check, locate
from graph.state import Claim, Passage
from tests.doubles.in_memory_knowledge import InMemoryKnowledge

TEXT = (
    "Keys\r\n  are rotated every 11.5 days. Do not share keys with anyone. Use \\*.pem \ufb01les, "
    "they are \u201csafe\u201d and non-compliant ones are not. At least -5 % of 1,200 rows."
)


def passage(text: str = TEXT, agent: str = "a", path: str = "knowledge/a/x.md") -> Passage:
    return InMemoryKnowledge().add_document(agent, path, text)[0]


@pytest.mark.parametrize(
    ("quote", "source"),
    [
        ("Keys are rotated every 11.5 days.", "Keys\r\n  are rotated every 11.5 days."),
        ('*.pem files, they are "safe"', "\\*.pem \ufb01les, they are \u201csafe\u201d"),
        ("Do not  share\nkeys", "Do not share keys"),
        ("1,200 rows", "1,200 rows"),
    ],
)
def test_only_declared_differences_are_forgiven(quote: str, source: str) -> None:
    found = check(quote, TEXT)
    assert found.verdict == "found"
    assert TEXT[found.start : found.end] == source


@pytest.mark.parametrize(
    "quote",
    ["", "   ", "1.5 days", "11", "compliant ones", "200 rows", "5 %", "eys are rotated", "keys are rotated",
     "Keys are rotated every 12 days", "share key", "KEYS"],
)  # fmt: skip
def test_a_part_of_a_word_or_number_and_other_letters_are_not_found(quote: str) -> None:
    assert locate(quote, TEXT) is None


def test_each_way_of_failing_has_its_name() -> None:
    here, there = TEXT, "Backups are kept for thirty days in two places."
    assert check("Backups are kept for thirty days", here, [there]).verdict == "misattributed"
    assert check("Keys are rotated ... Do not share keys", here).verdict == "stitched"
    assert check("Keys are rotated every share keys with anyone", here).verdict == "stitched"
    assert check("Do not share keys with everyone ever", here).verdict == "not_found"
    assert check("Do not share the keys with anyone", here).verdict == "altered"
    assert check("Nothing of this is there", here).verdict == "not_found"


@given(st.data())
def test_any_whole_words_of_a_text_are_found_where_they_stand(data: st.DataObject) -> None:
    words = data.draw(
        st.lists(
            st.text(alphabet="abc\u00e9\ufb01'", min_size=1, max_size=5), min_size=1, max_size=20
        )
    )
    text = " ".join(words)
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    quote = " ".join(words[first : last + 1])
    place = locate(quote, text)
    if quote[0].isalnum() and quote[-1].isalnum():
        assert place is not None
        assert locate(text[slice(*place)], text) is not None


def test_random_changes_of_a_quote_are_never_found() -> None:
    chance = random.Random(7)
    sentence = "Do not share keys with anyone."
    for _ in range(300):
        place = chance.randrange(len(sentence))
        other = chance.choice([one for one in "abcxyz0189" if one != sentence[place]])
        changed = sentence[:place] + other + sentence[place + 1 :]
        assert check(changed, TEXT).verdict != "found", changed


def test_a_long_lying_quote_costs_little() -> None:
    assert check("word " * 5000, "word and then another " * 100).verdict == "not_found"


def test_a_quote_grows_to_its_sentence_so_that_no_not_is_lost() -> None:
    one = passage()
    start, end = locate("share keys with anyone", one["text"]) or (0, 0)
    assert widened(one, start, end)["text"] == "Do not share keys with anyone."


def test_repeats_are_merged_with_their_quotes() -> None:
    first, second = passage("Keys live long."), passage("Keys live long!", "b")
    claims: list[Claim] = [
        {"text": "Keys live long.", "quotes": [quote_of(first, 0, 15)]},
        {"text": "keys live long", "quotes": [quote_of(second, 0, 15)]},
        {
            "text": "Security: keys live long",
            "quotes": [quote_of(first, 0, 15), quote_of(second, 0, 15)],
        },
        {"text": "Something else.", "quotes": [quote_of(first, 0, 15), quote_of(second, 0, 15)]},
    ]
    kept, other = without_repeats(claims)
    assert other["text"] == "Something else."
    assert [quote["agent_id"] for quote in kept["quotes"]] == ["a", "b"]


def test_numbers_are_compared_however_they_are_written() -> None:
    assert numbers("On 2026-03-01, 1,200 of 3.50 by v1.2") == {"2026-03-01", "1200", "3.5"}
