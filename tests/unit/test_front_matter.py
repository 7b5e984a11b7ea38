import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_kb.readers.front_matter import FrontMatter, split_front_matter
from kb_contract.errors import BadDocument


def front(*lines: str, end: str = "\n") -> str:
    return end.join(["---", *lines, "---", "body"])


def test_contract_keys_are_typed_and_the_rest_is_kept() -> None:
    text = front(
        'title: "Keys: how"',
        "version: 1.10",
        "status: Draft",
        "agent_id: a",
        "tags: [one, 2]",
        "purpose: say it",
        "ms.date: 2024-01-01",
        "country: NO",
        "list: [{a: b}]",
    )
    split = split_front_matter(text)
    assert split.front_matter == FrontMatter(
        title="Keys: how",
        version="1.10",
        status="draft",
        agent_id="a",
        tags=("one", "2"),
        purpose="say it",
        extra={"ms.date": "2024-01-01", "country": "NO", "list": [{"a": "b"}]},
    )
    assert text[split.body_start :] == "body"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("closing", ["---", "...", "--- \t"])
def test_bom_and_line_ends(bom: str, end: str, closing: str) -> None:
    text = f"{bom}--- {end}title: t{end}{closing}{end}body"
    split = split_front_matter(text)
    assert split.front_matter.title == "t"
    assert text[split.body_start :] == "body"


@pytest.mark.parametrize(
    "text",
    ["", "# a\n\n---\n\nb: c\n\n---\n", " ---\na: b\n---\n", "----\na\n----\n", "\n---\n---\n"],
)
def test_no_front_matter(text: str) -> None:
    split = split_front_matter(text)
    assert split.front_matter == FrontMatter()
    assert split.body_start == 0


@pytest.mark.parametrize("text", ["---\n---\n", "---\n# only this\n---\n", "---\n\n...\n"])
def test_empty_front_matter(text: str) -> None:
    split = split_front_matter(text)
    assert split.front_matter == FrontMatter()
    assert split.body_start == len(text)


def test_tags_may_be_one_text() -> None:
    assert split_front_matter(front("tags: one")).front_matter.tags == ("one",)
    assert split_front_matter(front("tags: a b, c,")).front_matter.tags == ("a b", "c")
    assert split_front_matter(front("tags:")).front_matter.tags == ()
    assert split_front_matter(front("tags: [b, a, b, '']")).front_matter.tags == ("b", "a")


@pytest.mark.parametrize("empty", ["", " ~", " null", ' ""'])
def test_a_key_without_a_value_says_nothing(empty: str) -> None:
    split = split_front_matter(front(f"title:{empty}", f"agent_id:{empty}", f"status:{empty}"))
    assert split.front_matter == FrontMatter()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["title: [a]"], ["title is a list", "wanted text"]),
        (["version: {a: b}"], ["version is a mapping", "wanted text"]),
        (["agent_id: [a]"], ["agent_id is a list"]),
        (["tags: {a: b}"], ["tags is a mapping", "a list of texts"]),
        (["tags: [[a]]"], ["tags[0] is a list"]),
        (["a", "b"], ["front matter is text", "key: value"]),
        (["- a"], ["front matter is a list"]),
        (["acl: private", "x: y", "acl: public"], ["line 4", "'acl' is there twice"]),
        (["a: {b: 1, b: 2}"], ["line 2", "'b' is there twice"]),
        (["a: &x b", "c: *x"], ["line 2", "an anchor"]),
        (["a: *x"], ["line 2", "an alias"]),
        (["<<: {status: draft}"], ["line 2", "a merge key"]),
        (["a: !!python/object:os.system x"], ["line 2", "a tag"]),
        (["title: {{ page.title }}"], ["line 2", "a key that is not text"]),
        (["title: a: b"], ["line 2", "not valid YAML"]),
        (["a: 'open"], ["not valid YAML"]),
        (["a:", "\tb: c"], ["line 3", "spaces in place of the tabs"]),
        (["a:", "  b: c", "    \td: e"], ["line 4", "spaces in place of the tabs"]),
        (["a:\tb"], ["line 2", "spaces in place of the tabs"]),
        (["a: b\x07c"], ["not valid YAML"]),
        (['a: "\\0"'], ["NUL"]),
        (['a: "\\ud800"'], ["surrogate"]),
        (["a: " + "[" * 9 + "]" * 9], ["nested deeper than 8"]),
        (["a: b", "--- c"], ["a second document"]),
        ([f"k{number}: v" for number in range(201)], ["more than 200 keys"]),
        (["title: " + "x" * 501], ["title has 501"]),
        (["tags: [" + ",".join(f"t{number}" for number in range(101)) + "]"], ["101 tags"]),
        (["a: " + "x" * 300_000], ["not closed within 262,144"]),
    ],
)
def test_refusals_say_what_and_where(lines: list[str], words: list[str]) -> None:
    with pytest.raises(BadDocument) as refusal:
        split_front_matter(front(*lines))
    for word in words:
        assert word in str(refusal.value)
    assert refusal.value.cure


def test_unclosed_front_matter() -> None:
    with pytest.raises(BadDocument, match="line 1: front matter is opened by '---' and not closed"):
        split_front_matter("---\ntitle: t\n\n# Heading\n")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("between", ["", "\n", "<!-- lint off -->\n"])
@pytest.mark.parametrize("first", ["---\ntitle: a\n---\n", "---\n---\n", "+++\n+++\n"])
def test_a_second_block_is_refused(first: str, between: str, end: str) -> None:
    text = f"{first}{between}---\nstatus: draft\n---\nWords.\n".replace("\n", end)
    with pytest.raises(BadDocument, match="a second block of front matter begins"):
        split_front_matter(text)


@pytest.mark.parametrize(
    "below",
    ["---\n\nStatus: held below a rule.\n\n---\n", "---\nA line.\n---\n", "---\n", ";;;\nwords\n"],
)
def test_a_rule_below_front_matter_is_one(below: str) -> None:
    text = f"---\ntitle: a\n---\n{below}"
    assert text[split_front_matter(text).body_start :] == below


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "text",
    [
        "Title: Pay: all of it\nAudience: HR,\n    legal\nStatus: draft\n\n",
        "\n<!-- x -->\ntitle: Pay: all of it\naudience: hr, legal\nStatus: Draft\nSummary:\n\n",
        "Title:Pay: all of it\nms.date: 2026-01-01\nAudience:hr,legal\nStatus:draft\n\n",
        '\u00dcber: uns\nTitle: \'Pay: all of it\'\nAudience: [hr, "legal"]\nStatus: "draft"\n...\n',
        "Title: Pay: all of it\nAudience: [hr, legal]\nStatus: draft\n---\n",
        "title: 'Pay: all of it'\naudience:\n  - hr\n  - legal\nstatus: draft # yet\n---\n",
        "----\ntitle: 'Pay: all of it'\naudience: [hr, legal]\nstatus: draft\n-----\n",
        "-----\n  # ours\ntitle: 'Pay: all of it'\naudience:\n  - hr\n  - legal\nstatus: draft\n-----\n",
        "-----\ntitle: >\n  Pay: all\n  of it\naudience:\n- hr\n- legal\nstatus: draft\n-----\n",
        "\u200b---\ntitle: 'Pay: all of it'\naudience: [hr, legal]\nstatus: draft\n---\n",
        "[//]: # (lint off)\n---\ntitle: 'Pay: all of it'\naudience: [hr, legal]\nstatus: draft\n---\n",
        "export const x = 1\n\n---\ntitle: 'Pay: all of it'\naudience: [hr, legal]\nstatus: draft\n---\n",
        "import A, { b } from 'a'\nimport 'c'\nexport * from 'd'\nimport E from 'e'\n---\ntitle: 'Pay: all of it'\naudience: [hr, legal]\nstatus: draft\n---\n",
    ],
)
def test_what_decides_is_read_however_it_is_marked(text: str, end: str) -> None:
    whole = f"{text}# Title\nbody".replace("\n", end)
    split = split_front_matter(whole)
    found = split.front_matter
    assert (found.title, found.audience, found.status) == (
        "Pay: all of it",
        ("hr", "legal"),
        "draft",
    )
    assert whole[split.body_start :].strip() == f"# Title{end}body"


def test_words_may_follow_at_once_below_a_line_that_generators_read() -> None:
    text = "Title: T\nAudience: hr\nWords: of it."
    split = split_front_matter(f"{text}\n* go on\n")
    assert split.front_matter.audience == ("hr",)
    assert split.body_start == len(text) + 1


@pytest.mark.parametrize(
    "text",
    [
        "Status: Accepted\nDate: 2026-01-01\n\nwords\n",
        "Audience: all who write\nLevel: easy\n\nwords\n",
        "Expires: see below\n\nwords\n",
        "Status: draft\nwords go on here\n",
        "Status: draft\n=============\n",
        "Status: draft means that\nTitle: of a chapter\n\nwords\n",
        "Note: the audience\nAudience: all who write\n---\n",
        "Audience:\n- developers\n- testers\n\nwords\n",
        "Status: draft\nhttps://example.org/a\n\nwords\n",
        "Note: the status is\n\nStatus: draft\n",
        "----\nTitle: of a chapter\n----\n",
        "----\nNote that this is\nstatus: draft\n----\n",
        "----\nstatus: draft\n\nwords\n",
        "----\n- some words\nstatus: draft\n----\n",
        "export the file:\n\n---\n\ntitle: use this\n\n---\n\nwords\n",
        "import taxes, all of them:\n\n---\ntitle: use this\n---\n\nwords\n",
    ],
)
def test_first_lines_that_hold_nothing_back_are_words(text: str) -> None:
    split = split_front_matter(text)
    assert (split.front_matter, split.body_start) == (FrontMatter(), 0)


def test_first_lines_that_are_no_text_are_noted() -> None:
    (note,) = split_front_matter("Title: T\nStatus: Draft\n\nwords\n").notes
    assert "first lines ('Status: Draft') are read as metadata" in note
    assert split_front_matter("Status: Draft\n").notes == ()


def test_first_lines_that_decide_nothing_because_words_follow_at_once_are_noted() -> None:
    (note,) = split_front_matter("\ufeffLevel: 2\nStatus: Draft\nwords go on\n").notes
    assert "first lines ('Status: Draft') are words and decide nothing" in note
    assert split_front_matter("Status: Draft means\nthat words go on\n").notes == ()


def test_a_box_in_plain_text_is_no_front_matter() -> None:
    for text in ("-----\nstatus: draft\n-----\n", "Status: draft\n\nwords\n"):
        assert split_front_matter(text, may_be_rule=True).front_matter == FrontMatter()


@pytest.mark.parametrize(
    "line", ["Visibility: internal", "Audiences: hr", "Expiry Date: 2020-01-01"]
)
def test_lines_without_marks_are_refused_where_their_keys_are_only_like_it(line: str) -> None:
    with pytest.raises(BadDocument, match="not written as it must be"):
        split_front_matter(f"Title: T\n{line}\n\nwords\n")


@pytest.mark.parametrize(
    "line", ["Expires: 2020/01/01", "Effective: January 5, 2099", "expires: 1. Mai 2020"]
)
def test_lines_without_marks_that_date_a_page_are_read_or_refused(line: str) -> None:
    with pytest.raises(BadDocument, match="which is no date"):
        split_front_matter(f"{line}\n\nwords\n")


@pytest.mark.parametrize("may_be_rule", [True, False])
@pytest.mark.parametrize("words", ['{"status": "draft"}', '"x": 1,\n"status": "draft"'])
@pytest.mark.parametrize("above", ["", "---\ntitle: a\n---\n"])
def test_json_between_semicolons_is_refused(above: str, words: str, may_be_rule: bool) -> None:
    text = f"{above};;;\n{words}\n;;;\nWords.\n"
    with pytest.raises(BadDocument, match="front matter in JSON is not read"):
        split_front_matter(text, may_be_rule=may_be_rule)


def test_a_keyword_list_of_100_kb_is_real() -> None:
    words = ", ".join(f'"intrinsics/_mm_number_{number}"' for number in range(3000))
    split = split_front_matter(front(f"f1_keywords: [{words}]"))
    assert len(split.front_matter.extra["f1_keywords"]) == 3000


@pytest.mark.parametrize(
    "hostile",
    ["a: " + "[" * 100_000, "- " * 50_000, "{a: " * 30_000, "? " * 60_000, "a: &a [" + "*a, " * 99,
     "#\n" * 100_000, "- a\n" * 60_000, "a: |\n" + " x\n" * 80_000, "a: '" + "''" * 100_000],
)  # fmt: skip
def test_hostile_yaml_costs_little(hostile: str) -> None:
    began = time.thread_time()
    with contextlib.suppress(BadDocument):
        split_front_matter(f"---\n{hostile}\n---\nbody")
    assert time.thread_time() - began < 5


@given(st.text())
def test_any_text_is_split_or_refused(text: str) -> None:
    for whole in (text, f"---\n{text}\n---\nbody"):
        try:
            split = split_front_matter(whole)
        except BadDocument:
            continue
        assert 0 <= split.body_start <= len(whole)


@pytest.mark.parametrize(
    ("text", "may_be_rule"),
    [
        ("---\nStatus: RO\nSubject: x: y\n---\nbody", True),
        ("---\nStatus: RO\nSubject: hello\n---\nbody", True),
        ("---\nTitle: one: two\n---\nbody", True),
        ("\n\n---\nNote: the following\nVersion: 2 of it: is here\n---\ntext", False),
    ],
)
def test_words_between_rules_that_are_no_yaml_are_words(text: str, may_be_rule: bool) -> None:
    split = split_front_matter(text, may_be_rule=may_be_rule)
    assert (split.front_matter, split.body_start) == (FrontMatter(), 0)


@pytest.mark.parametrize("key", ["audience: hr", "Status: Draft", "expiry: 2020-01-01"])
def test_words_that_are_no_yaml_are_refused_where_they_decide(key: str) -> None:
    with pytest.raises(BadDocument, match="not valid YAML"):
        split_front_matter(f"\n---\n{key}\nnote: one: two\n---\ntext")
