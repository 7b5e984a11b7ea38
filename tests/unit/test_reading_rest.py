import io
import time

import pytest

from dagster_kb.readers.front_matter import FrontMatter
from dagster_kb.readers.restructured_text import read_restructured_text
from kb_contract.errors import BadDocument
from tests.doubles.sample_documents import RST

TRICKY = """\
Überschrift 文字
================

Text
that goes on
------------

* a list

  with more
* of it

Sub
~~~

A line
   indented below

======  =====
a       b
======  =====
1       2
======  =====

.. note::

   Not a title
   -----------

Deep
^^^^

-----

Another *part* of ``it``
========================

>>> code()
1
"""


NUMBERED = """\
1. Introduction
===============

1. an item
2. another

1.1 Sub
-------

A. Appendix
===========

(2) Two words
=============

1) With a bracket
=================

C. elegans
==========

- an item
=========

| a line
========
"""


def headings(text: str) -> list[tuple[str, ...]]:
    blocks = read_restructured_text(text.encode()).blocks
    return [one.heading_path for one in blocks if one.kind == "heading"]


def by_docutils(text: str) -> list[tuple[str, ...]]:
    from docutils import core, nodes

    settings = {"report_level": 5, "halt_level": 6, "doctitle_xform": False, "raw_enabled": False,
                "file_insertion_enabled": False, "warning_stream": io.StringIO()}  # fmt: skip
    tree = core.publish_doctree(text, settings_overrides=settings)

    def path(node) -> tuple[str, ...]:
        above = path(node.parent) if node.parent is not None else ()
        return (*above, node[0].astext()) if isinstance(node, nodes.section) else above

    return [path(one) for one in tree.findall(nodes.section)]


@pytest.mark.parametrize(
    "text", [RST.replace(":ref:", ""), TRICKY, NUMBERED, "A\n=\n\nB\n=\n\nC\n-\n\nD\n=\n"]
)
def test_sections_are_those_of_docutils(text: str):
    assert headings(text) == by_docutils(text)


def test_blocks_are_slices_of_the_file_itself():
    text = TRICKY.replace("\n", "\r\n")
    parsed = read_restructured_text(text.encode())
    assert parsed.text == text
    assert not parsed.extracted
    kinds = [(one.kind, text[one.start : one.end].split("\r\n")[0]) for one in parsed.blocks]
    assert ("list", "* a list") in kinds
    assert ("table", "======  =====") in kinds
    assert ("code", ">>> code()") in kinds


def test_what_the_document_says_of_itself_is_front_matter():
    parsed = read_restructured_text(RST.encode())
    front = parsed.front_matter
    assert (parsed.title, front.version, front.tags) == ("Gateway", "1.2", ("tokens", "limits"))
    assert front.extra == {"owner": "Ada"}
    for said in (b":status: draft", b":status:draft", b":author: Ada\n:Status:draft"):
        assert read_restructured_text(said + b"\n\nWords.\n").front_matter.status == "draft"
    role = read_restructured_text(b":mod:`json` reads\n\n:py:func:`open` too\n")
    assert role.front_matter.extra == {}
    for end in (b"\r\n", b"\r"):
        said = b":date: today\n:status: draft\n\nWords.\n".replace(b"\n", end)
        assert read_restructured_text(said).front_matter.status == "draft"


def test_a_file_is_never_included():
    parsed = read_restructured_text(RST.encode())
    assert "root:" not in parsed.text
    assert parsed.text == RST


def test_roles_are_not_in_headings():
    assert headings(":mod:`json` and `a link <x>`_\n============================\n") == [
        ("json and a link",)
    ]


@pytest.mark.parametrize(
    "unit", ["=\n", "a\n=\n", "  a\n", "- a\n\n", "::\n\n a\n", "=" * 99 + "\n", ".. a::\n", ":a:b" * 9999 + "`\n",
             ".. " + "ab_" * 50 + "ab:\n\n", ".. " + "a-" * 9999 + "a:\n\n", ".. " + "a:" * 9999 + "\n\n", "..  " + " a" * 9999 + "\n\n"]
)  # fmt: skip
def test_a_flood_of_anything_takes_bounded_time(unit: str):
    data = (unit * (150_000 // len(unit))).encode()
    began = time.thread_time()
    read_restructured_text(data)
    assert time.thread_time() - began < 4


def test_several_groups_may_read_a_document():
    parsed = read_restructured_text(b"Title\n=====\n\n:Audience: hr, legal\n\nWords.\n")
    assert parsed.front_matter.audience == ("hr", "legal")


ABOVE = [
    "By the HR team",
    "**Internal**",
    "|badge|",
    "* a list\n* of two",
    "| a line\n| block",
    "---",
]


@pytest.mark.parametrize("above", [*ABOVE, "\n\n".join(ABOVE)])
def test_fields_that_decide_may_stand_below_a_paragraph(above: str):
    text = f"Title\n=====\n\n{above}\n\n:Status: draft\n:Audience: hr\n\nWords.\n"
    front = read_restructured_text(text.encode()).front_matter
    assert (front.status, front.audience) == ("draft", ("hr",))
    meta = text.replace(":Status", ".. meta::\n   :Status").replace("\n:Audience", "\n   :Audience")
    front = read_restructured_text(meta.encode()).front_matter
    assert (front.status, front.audience) == ("draft", ("hr",))


@pytest.mark.parametrize(
    "field",
    ["expires: the date when the cookie ends", "status: the HTTP status, a number", "Status: HTTP code",
     "audience: whom the token is for", "expires: seconds, since 1970 or so", "draft: bool", "expires:\n   a date",
     "status: draft, published or archived", "status: private/public", "draft: true if nobody sees it", "audience: users or admins"],
)  # fmt: skip
def test_fields_that_explain_words_are_words_and_a_note_says_so(field: str):
    text = f"Cookies\n=======\n\nA cookie has these attributes:\n\n:version: 1 or 2\n:{field}\n\nWords.\n"
    parsed = read_restructured_text(text.encode())
    assert parsed.front_matter == FrontMatter()
    key = field.split(":")[0].lower()
    assert [one.split(" stands")[0] for one in parsed.notes] == [f"line 7: the field {key!r}"]


@pytest.mark.parametrize(
    "field",
    ["status: Draft 3", "status: DRAFT.", "status: **draft**", "status: draft, do not quote", "status: internal (HR)",
     "draft: *yes*", "published: No.", "expires: 2020-01-01 (as the contract with ACME says)", "audience: *hr*"],
)  # fmt: skip
@pytest.mark.parametrize("above", ["How we pay suppliers.", "|build| |docs|", "by Ann Lee"])
def test_fields_below_a_paragraph_hold_back_or_are_refused(field: str, above: str):
    try:
        front = read_restructured_text(
            f"T\n=\n\n{above}\n\n:{field}\n\nWords.\n".encode()
        ).front_matter
    except BadDocument:
        return
    assert (front.status, front.audience) != ("published", ("everyone",))


@pytest.mark.parametrize(
    "field",
    ["audience: staff only", "audience: finance and legal", "audience: staff (internal)", "draft: yes, still",
     "published: not yet", "published: never", "expires: end of 2024"],
)  # fmt: skip
def test_fields_below_a_paragraph_that_are_half_meant_are_refused(field: str):
    with pytest.raises(BadDocument):
        read_restructured_text(f"T\n=\n\nHow we pay.\n\n:{field}\n\nWords.\n".encode())


@pytest.mark.parametrize("above", ["|build| |docs|_", "By Ann Lee and Bob", "Authors: Ann, Bo"])
def test_fields_below_badges_and_bylines_stand_at_the_top(above: str):
    parsed = read_restructured_text(f"T\n=\n\n{above}\n\n:status: as yet unseen\n\nW.\n".encode())
    assert (parsed.front_matter.status, parsed.notes) == ("as yet unseen", ())


def test_many_fields_that_explain_are_noted_in_a_few_words():
    fields = ":expires: the day when it ends\n" * 30_000
    began = time.thread_time()
    parsed = read_restructured_text(f"T\n=\n\nWords.\n\n{fields}".encode())
    assert time.thread_time() - began < 5
    assert len(parsed.notes) == 4


def test_the_first_fields_near_the_top_are_the_documents_own():
    text = ".. _label:\n\nWine\n----\n\n**Characteristics:**\n\n:Instances: 178\n\n:Version: 9\n"
    front = read_restructured_text(text.encode()).front_matter
    assert (front.extra, front.version) == ({"instances": "178"}, None)


def test_comments_that_decide_are_told_from_directives_that_hold_them():
    text = ".. _label:\n.. note::\n   .. expires: soon\n.. Meta::\n   :audience: hr\n.. status: draft\n\nWords.\n"
    front = read_restructured_text(text.encode()).front_matter
    assert (front.expires, front.audience, front.status) == (None, ("hr",), "draft")
