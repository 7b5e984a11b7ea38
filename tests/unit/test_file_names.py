"""What a file's name adds to what is searched."""

import pytest

from dagster_kb.readers.file_names import new_words_of_name, words_of_name
from dagster_kb.readers.reading import read_document
from kb_contract.embedding_space import searched_text

NAMES = {
    "reports/ACME_2023Q2_10Q.pdf": "ACME 2023 Q2 10Q",
    "annualReport-v2.docx": "annual Report v2",
    "prices.csv": "prices",
    "src/rate_limiter.py": "rate limiter",
    "Überblick 2024.txt": "Überblick 2024",
    # A number alone says nothing, and a page of Markdown or HTML says its title itself.
    "000123.pdf": "",
    "releases.md": "",
    "releases.html": "",
    "picture.png": "",
}


@pytest.mark.parametrize(("path", "words"), NAMES.items())
def test_words_of_a_name(path: str, words: str) -> None:
    assert words_of_name(path) == words


def test_a_name_that_the_title_says_already_adds_nothing() -> None:
    assert new_words_of_name("travel_policy.pdf", "Travel policy, 2024 edition") == ""
    assert new_words_of_name("travel_policy_DE.pdf", "Travel policy") == "travel policy DE"


def test_each_chunk_is_searched_with_the_name_and_quoted_without_it() -> None:
    told = read_document("x/ACME_2023Q2.txt", b"Revenue fell.", count_tokens=len)
    row = {
        "title": told.title, "heading_path": (), "text": told.chunks[0].text, "context": "",
        "situation": "", "front_matter": told.front_matter,
    }  # fmt: skip
    searched = searched_text(row)
    assert searched == "ACME 2023 Q2\n\nRevenue fell."
    assert told.chunks[0].text == "Revenue fell."


def test_a_very_long_name_is_cut() -> None:
    assert len(words_of_name(f"{'word_' * 60}.pdf")) <= 120
