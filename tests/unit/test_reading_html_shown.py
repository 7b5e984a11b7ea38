"""Of a page's lists, tables and code what a person is shown: nothing hidden, and nothing lost."""

import time

import pytest

from dagster_kb.readers.html_page import read_html
from kb_contract.errors import BadDocument
from tests.unit.test_reading_html import said

HIDDEN = ["hidden", "style='display: none'", "style='visibility:hidden'", "aria-hidden=true"]


@pytest.mark.parametrize("how", HIDDEN)
@pytest.mark.parametrize(("body", "seen"), [
    ("<table><tr><th>A<th>B<tr><td>1<td {}>SECRET</table>", "| 1 |"),
    ("<table><tr><th>A<th>B<tr><td>1<td>2<tbody {}><tr><td>SECRET<td>x</table>", "| 1 | 2 |"),
    ("<table><tr><th>A<th>B<tr><td>1<td>2<tr {}><td>SECRET<td>x</table>", "| 1 | 2 |"),
    ("<table><caption {}>SECRET</caption><tr><th>A<th>B<tr><td>1<td>2</table>", "| 1 | 2 |"),
    ("<ul><li>one<ul {}><li>SECRET</ul></ul>", "- one"),
    ("<ul><li>one<div {}><ul><li>SECRET</ul></div></ul>", "- one"),
    ("<ul><li>one<li {}>SECRET</ul>", "- one"),
    ("<pre>one <span {}>SECRET</span></pre>", "one"),
    ("<p>one</p><main {}><p>" + "SECRET " * 60 + "</p></main>", "one"),
    ("<p>one</p><div {}><div role=main>" + "SECRET " * 60 + "</div></div>", "one"),
    ("<h2>one <i {}>SECRET <b hidden>SECRET</b></i></h2>", "## one"),
])  # fmt: skip
def test_hidden_parts_are_served_nowhere(body: str, seen: str, how: str):
    text = read_html(f"<html><body>{body.format(how)}</body></html>".encode()).text
    assert "SECRET" not in text
    assert seen in text


def test_a_cell_that_hides_its_words_keeps_its_place_and_one_that_is_gone_does_not():
    def cells(how: str):
        row = f"<tr><td {how}>x</td><td>1</td></tr>"
        return said(f"<table><tr><th>A</th><th>B</th></tr>{row}</table>")[0][1].splitlines()[-1]

    assert [cells(how) for how in HIDDEN] == ["| 1 |", "| 1 |", "|  | 1 |", "|  | 1 |"]


@pytest.mark.parametrize("how", HIDDEN)
def test_a_page_that_hides_itself_until_its_program_runs_is_read(how: str):
    page = f"<html><head><title>T</title></head><body {how}><p>words</p></body></html>"
    found = read_html(page.encode())
    assert (found.title, found.text) == ("T", "words")


@pytest.mark.parametrize("how", HIDDEN)
def test_what_a_click_or_a_search_shows_is_served(how: str):
    panels = f"<div role=tabpanel>npm</div><div role=tabpanel {how}>yarn <b {how}>SECRET</b></div>"
    assert said(f"{panels}<p hidden=until-found>more</p>") == [
        ("prose", "npm"),
        ("prose", "yarn"),
        ("prose", "more"),
    ]


def test_code_is_served_without_its_buttons():
    code = "<pre><button>Copy</button><code>a = 1\nb = 2</code></pre>"
    assert said(code) == [("code", "```\na = 1\nb = 2\n```")]


@pytest.mark.parametrize("names", ["<tr><th>Option<th>Values", "<tr><td><b>Option</b><td><b>Values</b>",
    "<thead><tr><td>Option<td>Values</thead>"])  # fmt: skip
def test_a_table_with_names_holds_data_however_long_its_cells_are(names: str):
    rows = "<tr><td>mode<td><ul><li>fast<li>slow.<li>auto</ul><tr><td>level<td><p>3</p><p>4</p>"
    table = "| Option | Values |\n| --- | --- |\n| mode | fast, slow. auto |\n| level | 3, 4 |"
    assert said(f"<table>{names}{rows}</table>") == [("table", table)]


@pytest.mark.parametrize("body", [
    "<table><tr><td>a<td><ul><li>b</ul></table>",
    "<table><tr><th>a<td><ul><li>b</ul></table>",
    "<table><tr><th colspan=2>a<tr><td><td><ul><li>b</ul></table>",
])  # fmt: skip
def test_a_table_without_names_of_columns_is_looked_into(body: str):
    assert said(body) == [("prose", "a"), ("list", "- b")]


def test_code_in_a_table_stays_code():
    lines = "<td><pre>1\n2</pre><td><pre>a = 1\nb = 2</pre>"
    page = f"<table><tr><th>No.<th>Code<tr>{lines}</table>"
    assert said(page)[-1] == ("code", "```\na = 1\nb = 2\n```")


@pytest.mark.parametrize(("body", "lines"), [
    ("<ul><div><li>a</div><li>b</ul>", ["- a", "- b"]),
    ("<ol><a href=x><li>a</li></a></ol>", ["- a"]),
    ("<ul><li>a</li><p>b</p>c <b>d</b><li>e</ul>", ["- a", "- b", "- c d", "- e"]),
    ("<ul>a<ul><li>b</ul>c</ul>", ["- a", "  - b", "- c"]),
    ("<ul><li>a<ul><li>b</ul>c</ul>", ["- a c", "  - b"]),
    ("<ul><li><p>a</p>b<br>c</ul>", ["- a b c"]),
])  # fmt: skip
def test_nothing_of_a_list_is_lost(body: str, lines: list[str]):
    assert said(body) == [("list", "\n".join(lines))]


@pytest.mark.parametrize("unit", ["<ul>a", "<ul><div>", "<ul><li><div>"])
def test_a_list_of_any_depth_is_read_whole(unit: str):
    assert "end" in read_html((unit * 300 + "end").encode()).text


@pytest.mark.parametrize("unit", ["<p hidden>a<b>c</b></p>", "<ul><div><li>a</div></ul>", "<td hidden>a"])  # fmt: skip
def test_a_large_page_of_odd_parts_takes_bounded_time(unit: str):
    began = time.thread_time()
    read_html(("<table>" * unit.startswith("<td") + unit * (100_000 // len(unit)) + "end").encode())
    assert time.thread_time() - began < 5


@pytest.mark.parametrize("body", [
    "<table>" + "<tr><td rowspan=100 colspan=100>" * 340,
    ("<table>" + "<tr><td rowspan=100 colspan=100>" * 60 + "</table>") * 20,
    f"<table><tr><th rowspan=100 colspan=100>{'word ' * 600}" + "<tr><th>x" * 100,
])  # fmt: skip
def test_a_few_tags_make_no_table_without_end(body: str):
    began = time.thread_time()
    with pytest.raises(BadDocument, match="more than"):
        read_html(f"<html><body>{body}".encode())
    assert time.thread_time() - began < 8
