import re
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_kb.chunking.blocks import Block
from dagster_kb.chunking.graphemes import is_boundary
from dagster_kb.chunking.sections import ChunkDraft, Chunker
from dagster_kb.chunking.tokens import weight
from dagster_kb.readers.markdown import read_markdown
from dagster_kb.readers.plain_text import read_plain_text
from kb_contract.errors import BadDocument

WORDS = re.compile(r"\w+|[^\w\s]")


def count(text: str) -> int:
    return len(WORDS.findall(text))


WORD = st.sampled_from(
    ["word", "x", "two.", "three!", "é\u0301", "👨\u200d👩", "文。", "a" * 90, "`c`", "|", "\u2028"]
)
LINE = st.lists(WORD, min_size=1, max_size=12).map(" ".join)
START = st.sampled_from(
    [
        "",
        "# ",
        "## ",
        "### ",
        "- ",
        "1. ",
        "> ",
        "    ",
        "```\n",
        "|a|b|\n|-|-|\n|",
        "<p>",
        "\u0301",
    ]
)
END = st.sampled_from(["\n", "\n\n", "\r\n", "\r\n\r\n", "\r", "\n \n"])
DOCUMENT = st.lists(st.tuples(START, LINE, END), max_size=30).map(
    lambda lines: "".join(start + line + end for start, line, end in lines)
)
LIMIT = st.integers(min_value=8, max_value=60)


def check(text: str, blocks: Sequence[Block], limit: int) -> list[ChunkDraft]:
    drafts = Chunker(limit, count).chunk(text, blocks)
    at = blocks[0].start if blocks else len(text)
    assert [one.ordinal for one in drafts] == list(range(len(drafts)))
    for draft in drafts:
        assert draft.text == text[draft.start : draft.end]
        assert draft.text.strip()
        assert draft.tokens == count(draft.text)
        assert at <= draft.start
        assert not left_out(text, blocks, at, draft.start)
        assert is_boundary(text, draft.start)
        assert is_boundary(text, draft.end)
        at = draft.end
    assert not left_out(text, blocks, at, len(text))
    return drafts


def left_out(text: str, blocks: Sequence[Block], start: int, end: int) -> str:
    """Give what is said there; tags and addresses alone may be in no chunk."""
    said = [one for one in blocks if not one.silent]
    return "".join(text[max(start, one.start) : min(end, one.end)] for one in said).strip()


@given(st.one_of(DOCUMENT, st.text()), LIMIT)
def test_chunks_are_slices_and_lose_only_whitespace(text: str, limit: int) -> None:
    try:
        parsed = read_markdown(text.encode())
    except BadDocument:
        return
    check(text, parsed.blocks, limit)


@given(DOCUMENT, LIMIT)
def test_plain_text_too(text: str, limit: int) -> None:
    check(text, read_plain_text(text.encode()).blocks, limit)


@given(DOCUMENT, LIMIT)
def test_no_chunk_is_over_the_limit(text: str, limit: int) -> None:
    for draft in check(text, read_markdown(text.encode()).blocks, limit):
        assert weight(count, draft.text) <= limit or len(draft.text) <= 16


@given(DOCUMENT, LIMIT)
def test_the_same_text_is_chunked_in_the_same_way(text: str, limit: int) -> None:
    blocks = read_markdown(text.encode()).blocks
    assert check(text, blocks, limit) == check(text, blocks, limit)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("table", "|a|b|c|\n|-|-|-|\n" + "| some cell | another cell | 123.45 |\n" * 6000),
        ("row", "|a|b|\n|-|-|\n|" + "cell text | " * 20_000 + "\n"),
        ("fence", "```\n" + "    return some_call(argument)\n" * 7000 + "```\n"),
        ("line", "word " * 43_000),
        ("sentences", "Some words in a row here. " * 8000),
        ("list", "- item one\n  with more of it\n" * 7500),
        ("base64", "QUJD" * 54_000),
        ("han", "文字" * 108_000),
        ("marks", "a" + "\u0301" * 215_000),
        ("runs", "".join("a" + " " * width for width in range(650))),
        ("tabs", "a\t" * 108_000),
        ("headings", "# a b c\n" * 27_000),
        ("spaces", "a" + " " * 215_000 + "b"),
        ("family", "👨\u200d👩\u200d👧" * 40_000),
    ],
)  # fmt: skip
def test_a_large_block_is_cut_fast(name: str, text: str) -> None:
    blocks = read_markdown(text.encode()).blocks
    began = time.thread_time()
    drafts = Chunker(200, count).chunk(text, blocks)
    # A machine of half the speed passes; the square of the length would take minutes.
    assert time.thread_time() - began < 5, name
    assert max(weight(count, one.text) for one in drafts) <= 200
