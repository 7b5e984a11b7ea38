"""What tells a text again that a person deleted."""

import time
from dataclasses import replace

import pytest

from dagster_kb.resources.buried_words import (
    BuriedWords,
    Found,
    ManyBuriedWords,
    Said,
    place_of,
    telling_of,
    telling_there,
)
from kb_contract.identifiers import sha256_text

SENTENCE = "Jane Roe lives in 5 Elm Street."


def buried(text: str, *others: str, headings: tuple[str, ...] = ()) -> BuriedWords:
    telling = telling_there(text, headings, others)
    return BuriedWords(1, "hr", sha256_text(text), telling_of(text), "people.md", telling)


def found(words: BuriedWords, text: str, *, there: bool = True) -> Found | None:
    return words.found_in(sha256_text(text), Said.by(text), there=there)


@pytest.mark.parametrize(
    "now",
    [
        f"# Other\n\nBefore it. {SENTENCE} After it.",
        SENTENCE.replace("lives in", "lives\nin"),
        f"- Ann works here\n- {SENTENCE}",
    ],
    ids=["among others", "broken elsewhere", "an item"],
)
def test_all_of_it_is_known_wherever_it_stands(now: str):
    assert found(buried(f"# People\n\n{SENTENCE}"), now, there=False) is Found.WHOLE


def test_rows_and_items_and_lines_of_code_are_known_with_others_beside_them():
    table = "| who | where |\n|---|---|\n| Jane Roe | 5 Elm Street |"
    assert found(buried(table), f"{table}\n| Bob | bar |", there=False) is Found.WHOLE
    code = "```sh\n# of Jane in Elm Street\nTOKEN=elmstreet5\n```"
    assert found(buried(code), code.replace("TOKEN=elmstreet5", "X=1")) is Found.PART


def test_some_of_it_is_known_only_in_its_own_file():
    words = buried(f"The office opens at nine. {SENTENCE}")
    left = "The office opens at nine. Nobody lives there."
    assert found(words, left) is Found.PART
    assert found(words, left, there=False) is None
    assert found(words, "The office opens at ten. Nobody lives there.") is None


def test_a_short_text_is_known_in_its_own_file_by_what_stands_under_its_heading():
    words = buried("# Wifi\n\nKey: hunter2!x", headings=("Wifi",))
    assert found(words, "# The wifi\n\nKey: hunter2!x") is Found.PART
    assert found(words, "# The wifi\n\nKey: hunter2!x", there=False) is None


@pytest.mark.parametrize(
    "heading", ["# All the people", "All the people\n==============", "All the people"]
)
def test_headings_that_stay_tell_nothing(heading: str):
    words = buried(f"{heading}\n\n{SENTENCE}", headings=("All the people",))
    assert found(words, f"{heading}\n\nNobody is here.") is None


def test_what_the_file_says_elsewhere_too_tells_nothing():
    head = "| name of a person | place of work |\n|---|---|"
    words = buried(f"{head}\n| Jane Roe | 5 Elm Street |", f"{head}\n| Ann Poe | the shop |")
    assert found(words, f"{head}\n| Bob Coe | the bar of it |") is None


def test_of_many_deletions_a_text_is_compared_with_those_that_share_words_with_it():
    many = [replace(buried(f"Room {one} is kept locked at night."), tombstone=one)
            for one in range(3_000)]  # fmt: skip
    known = ManyBuriedWords(many)

    def near(text: str) -> list[BuriedWords]:
        return known.near(sha256_text(text), Said.by(text))

    begun = time.process_time()
    for one in range(1_000):
        assert near(f"Room {one} is kept open. Ask the porter for it.") == []
    # Each text with each deletion takes seconds.
    assert time.process_time() - begun < 1
    assert near("Room 7 is kept locked at night. Room 9 is kept locked at night.") == [
        many[7], many[9],
    ]  # fmt: skip


def test_where_a_file_lies_in_its_folder():
    assert place_of("knowledge/hr/a/people.md", "hr") == "a/people.md"
    assert place_of("hr/people.md", "hr") == "people.md"
    assert place_of("knowledge/other/people.md", "hr") == ""
