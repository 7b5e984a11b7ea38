import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_kb.readers import markdown_blocks
from dagster_kb.readers.markdown import ParsedDocument, read_markdown
from dagster_kb.readers.markdown_blocks import plain_heading
from kb_contract.errors import BadDocument

PIECES = st.sampled_from(
    ["# a", "## b", "### c", "a\n===", "b\n---", "- x", "  - y", "1. z", "> q", ">", "```", "~~~ py",
     "    code", "\tcode", "|a|b|\n|-|-|\n|c|d|", "|", "<div>", "</div>", "<!--", "-->", "[a]: /b 'c'",
     "[a]:", "***", "---", "text", "::: zone", "{#id}", "", " ", "\t", "\f", "\u2028", "\ufeff", "é😀"]
)  # fmt: skip
MARKDOWN = st.lists(st.tuples(PIECES, st.sampled_from(["\n", "\n\n", "\r\n", "\r", " "]))).map(
    lambda parts: "".join(piece + end for piece, end in parts)
)


def read(text: str) -> ParsedDocument:
    return read_markdown(text.encode())


def shapes(text: str) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in read(text).blocks]


def visible(between: str) -> str:
    """Say what is neither blank nor commented out; of a line with a comment a mark may be left."""
    if "<!--" not in between:
        return between.strip()
    rest = re.sub(r"<!--.*?(?:-->|\Z)", "", between, flags=re.DOTALL)
    return "".join(one for one in rest if one.isalnum())


@given(st.one_of(MARKDOWN, st.text().map(lambda text: text.replace("\0", ""))))
def test_blocks_lie_in_order_and_lose_only_whitespace(text: str) -> None:
    try:
        parsed = read(text)
    except BadDocument:  # front matter by chance
        return
    assert parsed.text == text
    at = 0 if not parsed.blocks else parsed.blocks[0].start
    if not text.startswith(("---", "\ufeff")):
        assert not visible(text[:at])
    for block in parsed.blocks:
        assert at <= block.start < block.end <= len(text)
        assert not visible(text[at : block.start])
        at = block.end
    if parsed.blocks:
        assert not visible(text[at:])


def test_each_kind_is_whole() -> None:
    parts = [
        ("heading", "# Title"),
        ("prose", "One\nparagraph."),
        ("list", "- a\n\n  more of a\n- b\n  1. c"),
        ("code", "```py\n# no heading\n\n| no | table |\n```"),
        ("table", "| a | b |\n|---|---|\n| c | d |"),
        ("quote", "> said\n> so"),
        ("html", "<details>\n<b>x</b>\n</details>"),
        ("heading", "Second\n------"),
        ("code", "    indented\n\n    code"),
        ("prose", "::: zone pivot"),
        ("prose", "[link]: https://example.org 'x'"),
        ("prose", "***"),
    ]
    text = "\n\n".join(part for _, part in parts) + "\n"
    assert shapes(text) == parts


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_front_matter_and_line_ends_do_not_move_offsets(end: str) -> None:
    text = end.join(["\ufeff---", "title: T", "---", "# Head", "", "Body é😀 text", "more", ""])
    assert shapes(text) == [("heading", "# Head"), ("prose", f"Body é😀 text{end}more")]
    assert read(text).title == "T"


def test_heading_paths() -> None:
    text = "intro\n# A\n### C\nx\n## B\ny\n# D\nE\n===\nz\n> # quoted\n"
    paths = [
        (text[one.start : one.end].split("\n")[0], one.heading_path) for one in read(text).blocks
    ]
    assert paths == [
        ("intro", ()),
        ("# A", ("A",)),
        ("### C", ("A", "C")),
        ("x", ("A", "C")),
        ("## B", ("A", "B")),
        ("y", ("A", "B")),
        ("# D", ("D",)),
        ("E", ("E",)),
        ("z", ("E",)),
        ("> # quoted", ("E",)),
    ]
    assert read(text).title == "A"


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("The *big* **`code`** [one](x.md 't')", "The big code one"),
        ('Name<a name="x"></a>', "Name"),
        (r"C\+\+ &amp; C", "C++ & C"),
        ("`std::vector<T>` class", "std::vector<T> class"),
        ("![alt *text*](p.png) here", "alt text here"),
        ("Big {#big-one}", "Big"),
        ("~~old~~ new\nline", "old new line"),
        ("", ""),
        ("x" * 5000, "x" * 199 + "…"),
        ("[" * 5000, "[" * 199 + "…"),
    ],
)
def test_headings_are_said_plainly(markup: str, plain: str) -> None:
    assert plain_heading(markup) == plain


def test_no_heading_no_title() -> None:
    assert read("just text").title == ""


def test_a_table_ends_where_github_ends_it() -> None:
    text = "|a|b|\n|-|-|\n|c|d|\nlazy row\n# Head\n|a|\n|-|\n- item"
    assert [kind for kind, _ in shapes(text)] == ["table", "heading", "table", "list"]


@pytest.mark.parametrize("hostile", [">" * 10**6, "[" * 10**6, "- " * 10**5, "*a_" * 10**5,
    "> " * 15 + "a\n", "<" * 10**6, "`" * 10**6, "|" * 10**6, "#" * 10**6, "~" * 10**6])  # fmt: skip
def test_hostile_nesting_is_read(hostile: str) -> None:
    assert read(hostile).blocks


def test_what_was_made_to_take_forever_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown_blocks, "MAX_TOKENS", 100)
    with pytest.raises(BadDocument, match="more than 100 pieces of Markdown"):
        read("- a\n" * 50)
    monkeypatch.setattr(markdown_blocks, "CPU_SECONDS", -1.0)
    with pytest.raises(BadDocument, match="takes more than"):
        read("- a\n")


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        ('<h1 align="center">Big <b>Project</b> &amp; more</h1>', "heading"),
        ('<p>\n<img src="x.png">\n</p>\n<H1>Big Project &amp; more<!-- secret --></H1>', "heading"),
        ("<div><h2>Big Project &amp; more</h2>\n<p>What it does.</p></div>", "html"),
    ],
)
def test_a_title_in_html_is_one(html: str, kind: str):
    parsed = read_markdown(f"{html}\n\nWords.\n\n### Installation\n\nMore.\n".encode())
    assert parsed.title == "Big Project & more"
    assert parsed.blocks[0].kind == kind
    assert parsed.blocks[-3].heading_path == (parsed.title,)
    assert parsed.blocks[-1].heading_path == (parsed.title, "Installation")


@pytest.mark.parametrize(
    "html",
    ["<h1><img src=x></h1>", "<h2>One</h2><h2>Two</h2>", "<table><tr><td><h3>Cell</h3></td></tr></table>",
     "<p>Words</p><h1>Later</h1>", "<h1>Never closed"],
)  # fmt: skip
def test_html_without_one_title_is_none(html: str):
    blocks = read_markdown(f"{html}\n\nWords.\n".encode()).blocks
    assert {(one.kind, one.heading_path) for one in blocks} == {("html", ()), ("prose", ())}
