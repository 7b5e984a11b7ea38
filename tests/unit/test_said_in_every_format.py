"""What a document says of its state and its rights is honoured or refused in every format."""

import io

import pytest

from dagster_kb.readers.contract_keys import DECIDING, collected, decides
from dagster_kb.readers.front_matter import FrontMatter
from dagster_kb.readers.reading import parse_document
from dagster_kb.readers.reading_rules import ReadingRules
from kb_contract.errors import BadDocument
from tests.doubles.said_in_formats import EVERYWHERE, PROPERTIES, document

# Every way of writing that a person plainly means so.
MEANT = {
    ("status", "draft"): ("status", "draft"),
    ("Status", "Draft"): ("status", "draft"),
    ("STATUS", "draft"): ("status", "draft"),
    ("draft", "true"): ("status", "draft"),
    ("Draft", "Yes"): ("status", "draft"),
    ("draft", "y"): ("status", "draft"),
    ("Published", "false"): ("status", "draft"),
    ("published", "n"): ("status", "draft"),
    ("status", "in review"): ("status", "in review"),
    ("audience", "hr"): ("audience", ("hr",)),
    ("Audience", "HR"): ("audience", ("hr",)),
    ("audience", "all"): ("audience", ("everyone",)),
    ("effective", "2040-01-01"): ("effective", "2040-01-01T00:00:00Z"),
    ("Expires", "2020-01-01"): ("expires", "2020-01-01T00:00:00Z"),
    ("expires", "never"): ("expires", None),
    ("agent_id", "other"): ("agent_id", "other"),
}
# What would protect nothing if it were kept as a key of the document's own.
REFUSED = [
    ("audiences", "hr"), ("audience_group", "hr"), ("audiance", "hr"), ("audience", "general"),
    ("expire", "2020-01-01"), ("expiry", "2020-01-01"), ("expiry_date", "2020-01-01"),
    ("expires_at", "2020-01-01"), ("valid_until", "2020-01-01"), ("effective_date", "2040-01-01"),
    ("effective", "1 January 2040"), ("expires", "soon"), ("draft", "perhaps"), ("drafts", "true"),
    ("published", "never"), ("publish", "false"), ("statuss", "draft"), ("state", "draft"),
    ("statuss", "in review"), ("state", "in review"), ("doc_status", "withdrawn"), ("visibility", "internal"),
    ("visibility", "confidential"), ("audience_list", "hr"),
]  # fmt: skip
# Programs name properties of a file so: there a date leaves no doubt of what is meant.
DATED = ("expire", "expiry", "expiry_date", "expires_at", "valid_until", "effective_date")
# Of a comment, or of words for search engines, only what is near a right is looked at.
# Below a paragraph what is neither a date, a state nor a group explains a word.
EXPLAINS = {("expires", "soon"), ("draft", "perhaps")}
SAYS_MANY_THINGS = ("comments.rst", "meta.rst")


def front(place: str, **said: str) -> FrontMatter:
    return parse_document(place, document(place, said), ReadingRules(200)).front_matter


@pytest.mark.parametrize(
    ("place", "said", "meant"),
    [(place, *pair) for place in EVERYWHERE for pair in MEANT.items()],
)
def test_what_is_plainly_meant_is_honoured(place: str, said: tuple[str, str], meant: tuple):
    key, value = meant
    assert getattr(front(place, **{said[0]: said[1]}), key) == value


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [(place, *pair) for place in EVERYWHERE for pair in REFUSED
     if (place not in SAYS_MANY_THINGS or decides(pair[0])) and (place != "info.pdf" or pair[0] in DECIDING)
     and (place not in PROPERTIES or pair[0] not in DATED) and (place != "paragraphs.rst" or pair not in EXPLAINS)],
)  # fmt: skip
def test_what_is_near_is_refused(place: str, key: str, value: str):
    with pytest.raises(BadDocument) as refusal:
        front(place, **{"title": "T", key: value})
    assert refusal.value.cure


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "---\nextra: {audience: [hr]}\n---\nwords"),
        ("a.md", "+++\n[extra]\ndraft = true\n+++\nwords"),
        ("a.mdx", "---\nparams:\n  expiryDate: 2020-01-01\n---\nwords"),
        ("a.md", "---\nmetadata: {audience: maintainers}\n---\nwords"),
        ("a.md", "---\nmeta: {expires: 31.12.2020}\n---\nwords"),
        ("a.md", "---\nmetadata:\n  status: in review\n---\nwords"),
    ],
)
def test_what_decides_within_a_drawer_is_refused(name: str, text: str):
    with pytest.raises(BadDocument, match="where it protects nothing") as refusal:
        parse_document(name, text.encode(), ReadingRules(200))
    assert "beside" in refusal.value.cure


@pytest.mark.parametrize("place", EVERYWHERE)
def test_nothing_of_it_is_prose(place: str):
    parsed = parse_document(place, document(place, {"audience": "hr"}), ReadingRules(200))
    if not place.endswith(".rst"):
        assert "audience" not in "".join(parsed.text[one.start : one.end] for one in parsed.blocks)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.rst", "T\n=\n\n:audience: hr\n:audience: everyone\n\nwords\n"),
        ("a.rst", ":status: draft\n\nT\n=\n\n:Status: published\n\nwords\n"),
        ("a.rst", ":status: draft\n\nwords\n\nmore words\n\n:status: published\n"),
        ("a.rst", "---\nstatus: draft\n---\n\n:status: published\n\nwords\n"),
        ("a.html", "<meta name=audience content=hr><meta name=audience content=all>words"),
        ("a.html", "---\naudience: hr\n---\n<meta property=Audience content=all>words"),
        ("a.md", "---\naudience: hr\nAudience: all\n---\nwords"),
        ("a.md", "---\nagent_id: a\nagent-id: b\n---\nwords"),
    ],
)
def test_what_decides_is_said_once(name: str, text: str):
    with pytest.raises(BadDocument, match="is there twice"):
        parse_document(name, text.encode(), ReadingRules(200))


@pytest.mark.parametrize("said", ["Draft", "Final", "Reviewed", ""])
def test_offices_own_status_holds_a_draft_back_and_means_nothing_else(said: str):
    import docx

    document, made = docx.Document(), io.BytesIO()
    document.add_paragraph("words")
    document.core_properties.content_status = said
    document.save(made)
    status = parse_document("a.docx", made.getvalue(), ReadingRules(9)).front_matter.status
    assert status == ("draft" if said == "Draft" else "published")


@pytest.mark.parametrize("pair", [
    ("publisher", "ACME"), ("publish_date", "2020-01-01"), ("publish", "true"), ("state", "Ohio"),
    ("drafted_by", "Ada"), ("statistics", "yes"), ("hidden", "false"), ("effectiveness", "high"),
    ("published_at", "2020"), ("visibility", "good"), ("ms.audience", "x"),
    ("state", "deprecated"), ("state", "pending"), ("visibility", "public"), ("doc_status", "approved"), ("Page Status", "Obsolete"), ("doc_status", "deprecated"),
    ("target_audience", "developers"), ("intended_audience", ["beginners"]), ("extra", {"toc": "true", "status": "final"}),
    ("params", {"author": {"draft": "true"}}), ("api", {"status": "draft"}), ("extra", "draft"),
    ("custom", {"expires": "30 days"}), ("metadata", {"expiry": "never", "audience": "everyone"}), ("extra", {"expires": None}),
    ("params", {"audience": ""}), ("params", {"audience": []}), ("metadata", {"agent_id": None}),
])  # fmt: skip
def test_a_key_that_means_something_else_is_the_documents_own(pair: tuple[str, object]):
    assert collected([pair]) == dict([pair])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "\n---\n\nSome words: of prose.\n\n---\n\nmore\n"),
        ("a.md", "\n---\nlayout: x\n---\nwords\n"),
        ("a.txt", "---\nSome text\n---\nstatus: draft\n"),
        ("a.txt", "---\n\nstatus: as it was\n"),
        ("a.html", "---<p>status: draft</p>---"),
        ("a.md", "{{ status: draft }} words\n"),
        ("a.rst", "Words first.\n\n" * 12 + ":status: draft\n"),
        ("a.rst", "Words first. An example::\n\n   :status: draft\n"),
        (
            "a.rst",
            ".. code-block:: rst\n\n   .. status: draft\n   .. meta::\n      :audience: hr\n\nwords\n",
        ),
        ("a.rst", ".. note::\n   .. expires: soon\n\nwords\n"),
        ("a.rst", ".. draft: rewrite this\n\nwords\n"),
        ("a.rst", ".. _expires: https://example.org\n\nwords\n"),
        ("a.rst", "Words first.\n\n.. status: words of authors\n\nwords\n"),
        ("a.md", "# T\n\n```\n---\nstatus: draft\n---\n```\n"),
    ],
)
def test_a_rule_is_no_front_matter(name: str, text: str):
    parsed = parse_document(name, text.encode(), ReadingRules(200))
    assert parsed.front_matter == FrontMatter()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("+++\ntitle = 'x'\nwords\n", "opened by '\\+\\+\\+' and not closed"),
        ("\n---\nstatus: draft\n\n# T\n", "line 2: front matter is opened"),
        ("+++\ndraft = maybe\n+++\nx", "line 2: not valid TOML"),
        ("+++\na = 1\na = 2\n+++\nx", "line 3: not valid TOML"),
        ("+++\na = " + "[" * 9 + "]" * 9 + "\n+++\nx", "nested deeper than 8"),
        ("+++\n" + "".join(f"k{n} = 1\n" for n in range(201)) + "+++\nx", "more than 200 keys"),
        ("+++\na = '" + "x" * 20_000 + "'\n+++\nx", "bytes of TOML"),
        ("+++\na = " + "9" * 5000 + "\n+++\nx", "not valid TOML"),
        ("+++\na = " + "[" * 5000 + "\n+++\nx", "not valid TOML"),
        ("+++\n" + "a." * 4000 + "a = 1\n+++\nx", "nested deeper"),
        ('{"title": "x", "draft": true}\n\nwords\n', "in JSON is not read"),
        ("\n\n---\na: b\nstatus: [\n---\nx", "line 6: not valid YAML"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, words: str):
    with pytest.raises(BadDocument, match=words) as refusal:
        parse_document("a.md", text.encode(), ReadingRules(200))
    assert refusal.value.cure


def test_toml_says_the_same_as_yaml():
    yaml = "---\ntitle: T\nversion: '1.10'\ntags: [a, b]\naudience: [hr]\neffective: 2040-01-01\nx: {y: 'true'}\n---\nw"
    toml = "+++\ntitle = 'T'\nversion = '1.10'\ntags = ['a', 'b']\naudience = ['hr']\neffective = 2040-01-01\n[x]\ny = true\n+++\nw"
    both = [parse_document("a.md", one.encode(), ReadingRules(9)) for one in (yaml, toml)]
    assert both[0].front_matter == both[1].front_matter


@pytest.mark.parametrize("first", ["---\n# Title\nwords", "---\n\nwords\n\n---\nmore", "--- "])
def test_a_notebook_may_begin_with_a_rule(first: str):
    import json

    cells = [{"cell_type": "markdown", "source": first}, {"cell_type": "markdown", "source": "x"}]
    book = json.dumps({"nbformat": 4, "metadata": {}, "cells": cells})
    assert parse_document("a.ipynb", book.encode(), ReadingRules(9)).front_matter == FrontMatter()
