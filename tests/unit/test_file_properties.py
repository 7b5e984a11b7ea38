"""What the properties of a file say of it, as Office and those who use it write them."""

import pytest

from dagster_kb.readers.front_matter import FrontMatter
from dagster_kb.readers.reading import parse_document
from dagster_kb.readers.reading_rules import ReadingRules
from kb_contract.errors import BadDocument
from tests.doubles.said_in_formats import document


def front(key: str, value: str) -> FrontMatter:
    data = document("custom.docx", {key: value})
    return parse_document("custom.docx", data, ReadingRules(9)).front_matter


@pytest.mark.parametrize("pair", [
    ("Audience", ""), ("Published", ""), ("Draft", ""), ("Effective Date", ""), ("Expires", "No"), ("Status", ""),
    ("Expiration Date", "Never"), ("Published", "Acme"), ("Effective", "n/a"),
])  # fmt: skip
def test_a_property_that_says_nothing_holds_nothing_back(pair: tuple[str, str]):
    found = front(*pair)
    assert (found.status, found.effective, found.expires) == ("published", None, None)
    assert found.audience == ("everyone",)


@pytest.mark.parametrize(
    ("key", "value", "right", "meant"),
    [
        ("Effective Date", "2040-01-01", "effective", "2040-01-01T00:00:00Z"),
        ("Expiration Date", "2030-01-01T00:00:00Z", "expires", "2030-01-01T00:00:00Z"),
        ("Valid Until", "31.12.2030", "expires", "2030-12-31T00:00:00Z"),
        ("Effective", "01/02/2024", "effective", "2024-02-01T00:00:00Z"),
        ("Expires", "01/02/2024", "expires", "2024-01-02T00:00:00Z"),
    ],
)
def test_a_date_counts_by_the_name_that_programs_give_it(
    key: str, value: str, right: str, meant: str
):
    assert getattr(front(key, value), right) == meant


@pytest.mark.parametrize("pair", [
    ("Audience", "All Employees"), ("Audience", "12;#Engineering"), ("Audience", "General"), ("Audiences", "hr"),
    ("Expires", "soon"), ("Effective Date", "next year"), ("Effective", "31/31/2030"), ("Draft", "perhaps"),
])  # fmt: skip
def test_what_is_not_clear_is_refused_with_a_cure_for_properties(pair: tuple[str, str]):
    with pytest.raises(BadDocument) as refusal:
        front(*pair)
    assert refusal.value.where.endswith("the file's properties")
    assert "correct this property" in refusal.value.cure


def test_a_right_is_there_once_by_whichever_name():
    said = {"Expires": "2030-01-01", "Expiration Date": "2031-01-01"}
    with pytest.raises(BadDocument, match="expires is there twice"):
        parse_document("custom.docx", document("custom.docx", said), ReadingRules(9))
