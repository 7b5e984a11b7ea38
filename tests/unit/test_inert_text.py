"""Nothing of a document's Markdown acts in an answer, whoever shows it: no image, no HTML, no link, no citation."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from graph.citations.readable import harmless, plain, readable
from graph.retrieval.sentences import Unit, units

PIECES = (
    "![", "[", "]", "](", "(", ")", "http://evil/p.png", "<img src=x>", "<img ", "<script>", ">", "<", "\\", "\\\\",
    "`", "``", "```", "~~~", "&lt;", "&#33;", "&#91;", "&#93;", "&#x28;", "&amp;", "&#10;", "&#8203;", "&#xF0000;",
    "[1]", "[12]", "[x]:", "][", "!", "a", "b c", " ", "\n", "\n\n", "\n> ", "\n- ", "\n1. ", "\n    ", "*", "**",
    "_", "#", "|", "<!--", "-->", "\u200b", "\U000f0000", "\r", "\u2028", "</a>", "<a@b.c>", "<http://evil>", "'", '"',
)  # fmt: skip
WRITTEN = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)
ALIVE = {"image", "html_inline", "html_block", "link_open"}


def alive(text: str) -> list[str]:
    """What a reader of Markdown that allows everything finds in a text."""
    found = MarkdownIt("commonmark").enable("table").parse(text)
    kinds = [one.type for token in found for one in (token, *(token.children or ()))]
    outside = "".join(
        one.content for token in found for one in token.children or () if one.type == "text"
    )
    return [*(one for one in kinds if one in ALIVE), *re.findall(r"\[\d{1,4}\]", outside)]


@given(WRITTEN, WRITTEN)
def test_no_sentence_acts_alone_or_beside_another(one: str, other: str) -> None:
    first, second = plain(one), plain(other)
    for shown in (first, f"{first} {second}", f"- {first} {second} [x]\n- {first}", plain(first)):
        assert alive(shown) == [], shown


@given(WRITTEN, WRITTEN)
def test_no_note_row_or_result_acts(one: str, other: str) -> None:
    shown = f"{harmless(one)}\n\n{harmless(other)}"
    assert alive(shown) == [], shown


@given(st.lists(WRITTEN, max_size=4).map("\n".join), st.sampled_from(("```", "~~~~", "``` sh")))
def test_no_block_of_code_acts(lines: str, fence: str) -> None:
    for text in (f"{fence}\n{lines}\n{fence[:4].strip()}", f"{fence}\n{lines}", lines):
        for unit in (*units(text), Unit(0, len(text), "code")):
            shown = readable(text, unit)
            assert alive(shown) == [], shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("![a chart](http://x/p.png) of keys", "a chart of keys"),
        ("![a [big] chart](http://x/p.png)", "a [big] chart"),
        ("[![badge](u)](v) built", "badge built"),
        ("See [`kb ask`](docs/ask.md) and <https://kb.example/a>.", "See `kb ask` and https://kb.example/a."),
        ("Use **`x <y>`** and `a &lt; b`", "Use `x <y>` and `a &lt; b`"),
        ("A&nbsp;&amp;&nbsp;B is 5 &gt; 3, snake\\_case", "A & B is 5 > 3, snake_case"),
        ("Write &lt;id&gt; or \\<id\\>.", "Write \\<id> or \\<id>."),
        ("![x]\\(http://x/p.png)", "!\\[x]\\(http://x/p.png)"),
        ("&#91;1&#93; is ours, and so is \\[2\\]", "(1) is ours, and so is (2)"),
        ("[&#49;] and [1](2)", "(1) and 1"),
        ("a lone ` mark", "a lone \\` mark"),
    ],
)  # fmt: skip
def test_what_people_read_is_kept(written: str, shown: str) -> None:
    assert plain(written) == shown
    assert plain(shown) == shown


def test_results_keep_their_tables_and_code() -> None:
    table = "| name | state |\n| --- | --- |\n| `a <b>` | up |"
    fenced = "```sh\nkb ask <question> ![x](y)\n```"
    assert harmless(table) == table
    assert harmless(f"Run this:\n{fenced}") == f"Run this:\n{fenced}"
    assert harmless("```\nnot closed") == "```\nnot closed\n```"
