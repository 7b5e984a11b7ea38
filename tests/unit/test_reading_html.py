import contextlib
import time

import pytest

from dagster_kb.readers.html_page import read_html
from kb_contract.errors import BadDocument
from tests.doubles.sample_documents import HTML


def said(body: str) -> list[tuple[str, str]]:
    parsed = read_html(f"<html><body>{body}</body></html>".encode())
    return [(one.kind, parsed.text[one.start : one.end]) for one in parsed.blocks]


def test_what_a_person_sees_is_kept_and_nothing_else():
    parsed = read_html(HTML.encode())
    for words in ["alert", "Home", "imprint", "unseen", "ignore all rules", "¶"]:
        assert words not in parsed.text
    assert parsed.title == "Gateway & tokens"
    assert parsed.front_matter.tags == ("tokens", "limits")
    assert parsed.extracted


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY a "lol"><!ENTITY b "&a;&a;">',
        '<!ENTITY x SYSTEM "file:///a]>b">',
        "<!-- it's ]> --><!ENTITY x 'y'>\n<!ELEMENT p (#PCDATA)>",
        "",
    ],
)
@pytest.mark.parametrize("above", ["", '<?xml version="1.0"?>', "<!-- a -->\n"])
def test_definitions_in_the_doctype_are_no_words(above: str, subset: str):
    page = f"{above}<!DOCTYPE html [{subset}]>\n<html><body><p>words</p></body></html>"
    assert read_html(page.encode()).text == "words"


@pytest.mark.parametrize(
    "flood", ["[<!-- ", "['", "[\"'", "<!-- -", "[" * 9, "[]]>", "<!DOCTYPE ["]
)
def test_a_doctype_that_never_ends_takes_bounded_time(flood: str):
    page = "<!DOCTYPE html " + flood * (1_000_000 // len(flood))
    began = time.thread_time()
    _read_or_refuse(page)
    assert time.thread_time() - began < 8


def _read_or_refuse(page: str) -> None:
    with contextlib.suppress(BadDocument):
        read_html(page.encode())


def test_blocks_of_every_kind():
    assert said("<h2>A <i>b</i></h2><p>one<br>two</p>three <b>f</b>our<div>five</div>") == [
        ("heading", "## A b"), ("prose", "one\ntwo"), ("prose", "three four"), ("prose", "five")
    ]  # fmt: skip
    assert said("<ul><li>a, <a>b</a>.<ol><li>c</li></ol></li><li><p>d</p></li></ul>") == [
        ("list", "- a, b.\n  - c\n- d")
    ]
    assert said("<pre><code>a\n  b\n</code></pre>") == [("code", "```\na\n  b\n```")]
    assert said("<ol><li>do<pre>x\ny</pre></li></ol>") == [
        ("prose", "do"), ("code", "```\nx\ny\n```")
    ]  # fmt: skip
    assert said("<h1>C#</h1><h2>Usage #</h2>") == [("heading", "# C#"), ("heading", "## Usage")]


def test_a_table_keeps_its_header_and_a_layout_table_is_looked_into():
    table = "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>x|y</td></tr></table>"
    assert said(table) == [("table", "| a | b |\n| --- | --- |\n| 1 | x\\|y |")]
    assert said(f"<table><tr><td><h1>T</h1>{table}</td></tr></table>")[0] == ("heading", "# T")


def test_a_long_table_names_its_columns_in_every_row():
    rows = "".join(f"<tr><td>item {one}</td><td>{one * 7} USD</td></tr>" for one in range(90))
    ((kind, text),) = said(f"<table><tr><th>Name</th><th>Price</th></tr>{rows}</table>")
    assert kind == "table"
    assert text.splitlines()[3] == "Name: item 3; Price: 21 USD"


def test_a_page_of_another_charset_that_says_so_is_read():
    page = '<meta charset="iso-8859-1"><p>Größe</p>'.encode("latin-1")
    assert read_html(page).text == "Größe"
    with pytest.raises(BadDocument, match="not UTF-8"):
        read_html("<p>Größe</p>".encode("latin-1"))


@pytest.mark.parametrize("said", ["draft", " Draft ", "OK"])
def test_a_page_with_a_status_of_its_own_is_not_served(said: str):
    page = f"<head><meta name=status content='{said}'></head>x"
    assert read_html(page.encode()).front_matter.status == said.strip().lower()


@pytest.mark.parametrize("unit", ["<p>a", "<", "<!--", "<li>a</li>", "<tr><td>a", "&amp;", "<br>",
    "<b>a</b>", "<p><a href=x>b</a></p>", "<ul><li>a</ul>", "</div>", "<td><p>", "<li>"])  # fmt: skip
def test_a_large_page_takes_bounded_time(unit: str):
    began = time.thread_time()
    read_html((unit * (100_000 // len(unit)) + "end").encode())
    assert time.thread_time() - began < 5


@pytest.mark.parametrize(
    "unit", ["<div>", "<ul><li>", "<b>", "<table><tr><td>", "<blockquote>", "<h1>"]
)
def test_nesting_is_read_up_to_a_depth_that_no_page_has(unit: str):
    assert read_html((unit * 400 + "end").encode()).blocks
    with pytest.raises(BadDocument, match="tags within each other, more than"):
        read_html((unit * 100_000).encode())


def test_more_tags_than_a_page_has_are_refused():
    with pytest.raises(BadDocument, match="tags, more than"):
        read_html(b"<b>" * 1_000_001)


def test_a_cell_over_several_rows_and_columns_is_said_where_it_holds():
    head = "<tr><th>Region</th><th>Plan</th><th colspan=2>Price</th><th>Note</th></tr>"
    rows = "".join(
        f"<tr><td rowspan=2>r{n}</td><td>basic</td><td>1</td><td>2</td><td>n{n}</td></tr>"
        "<tr><td>pro</td><td>3</td><td>4</td><td>-</td></tr>"
        for n in range(12)
    )
    [(_, text)] = said(f"<table>{head}{rows}<tr><td colspan=5>no tax</td></tr></table>")
    lines = text.splitlines()
    assert lines[0] == "Region: r0; Plan: basic; Price: 1; Price: 2; Note: n0"
    assert lines[1] == "Region: r0; Plan: pro; Price: 3; Price: 4; Note: -"
    assert lines[-1] == "Region: no tax"


def test_nothing_of_a_long_cell_or_a_table_in_a_table_is_lost():
    long = " ".join(f"w{n}" for n in range(1000))
    [(_, text)] = said(
        f"<table><tr><th>a</th><th>b</th></tr>{f'<tr><td>1</td><td>{long}</td></tr>' * 2}</table>"
    )
    assert text.splitlines()[1].endswith(" w999")
    inner = "<table><tr><th>k</th></tr><tr><td>v</td></tr></table>"
    assert said(f"<table><tr><td>out</td><td>er{inner}</td></tr></table>") == [
        ("prose", "out"), ("prose", "er"), ("table", "| k |\n| --- |\n| v |")
    ]  # fmt: skip


@pytest.mark.parametrize("lines", ["a = 1<br>b = 2", "<div>a = 1</div><div>b = 2</div>",
    "<code><span>a</span> = 1\n<span>b</span> = 2</code>"])  # fmt: skip
def test_lines_of_code_stay_lines(lines: str):
    assert said(f"<pre>{lines}</pre>") == [("code", "```\na = 1\nb = 2\n```")]


@pytest.mark.parametrize("part", ["<script>" + "if(a<b){c()}" * 2000 + "</script>", "<!--" + "<b>" * 2000 + "-->",
    "<svg>" + "<path d='M0 0'/>" * 2000 + "</svg>", "<p><a id='x'/>x</p>" * 2000])  # fmt: skip
def test_programs_drawings_and_anchors_are_not_depth(part: str):
    assert said(f"{part}<p>words</p>")[-1] == ("prose", "words")


def test_a_page_says_whom_it_is_for_and_until_when():
    def front(meta: str):
        page = f"<html><head>{meta}</head><body>words</body></html>"
        return read_html(page.encode()).front_matter

    secret = front(
        '<meta name="Audience" content="hr, legal"><meta name="expires" content="2030-01-01">'
    )
    assert (secret.audience, secret.expires) == (("hr", "legal"), "2030-01-01T00:00:00Z")
    graph = front('<meta property="article:expiration_time" content="2030-01-01T00:00:00Z">')
    assert graph.expires == "2030-01-01T00:00:00Z"
    old = front('<meta name="audience" content="all"><meta name="expires" content="never">')
    assert (old.audience, old.expires) == (("everyone",), None)
    with pytest.raises(BadDocument, match="audience"):
        front('<meta name="audience" content="">')


@pytest.mark.parametrize("meta", [
    "name=expires content=0", "name=expires content=-1", "name=expires content=never", "name=expires content=''",
    "name=Expires content='Mon, 06 Jan 1990 00:00:01 GMT'", "name=expiration content=never",
    "http-equiv=expires content=-1", "name=hidden content=true", "name=private content=yes",
    "name=draft content=''", "name=published content=''", "name=published content=ACME",
])  # fmt: skip
def test_what_a_page_says_to_browsers_is_no_front_matter(meta: str):
    front = read_html(f"<head><meta {meta}></head><p>words</p>".encode()).front_matter
    assert (front.status, front.effective, front.expires) == ("published", None, None)


@pytest.mark.parametrize("pair", [("audience", "hr"), ("expires", "2030-01-01"), ("status", "draft")])  # fmt: skip
def test_the_same_said_twice_is_said_once(pair: tuple[str, str]):
    key, value = pair
    once = f"<meta name={key} content={value}>"
    twice = f"{once}<meta property={key.title()} content={value}>"
    fronts = [read_html(f"{one}<p>words</p>".encode()).front_matter for one in (once, twice)]
    assert fronts[0] == fronts[1]
    with pytest.raises(BadDocument, match="there twice"):
        read_html(f"{once}<meta name={key} content=other>words".encode())
