import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_core.normalize import normalize

from dagster_kb.readers.source_text import Lines, decode
from kb_contract.errors import BadDocument

LINE_TEXT = st.text(st.sampled_from("ab \t\r\n\f\v\x1c\x85\u2028\u2029\ufeff#>é😀"))


@given(LINE_TEXT)
def test_lines_are_those_of_the_markdown_parser(text: str) -> None:
    parser = MarkdownIt()
    core = StateCore(text, parser, {})
    normalize(core)
    state = StateBlock(core.src, parser, {}, [])
    lines = Lines.of(text)
    # The parser makes no line of blanks at the very end.
    assert state.lineMax <= len(lines.starts) - 1 <= state.lineMax + 1
    for line in range(state.lineMax):
        start, end = lines.span(line, line + 1)
        assert text[start:end].rstrip("\r\n") == core.src[state.bMarks[line] : state.eMarks[line]]


@given(LINE_TEXT, LINE_TEXT)
def test_lines_of_a_part_lie_in_the_whole(before: str, text: str) -> None:
    part, whole = Lines.of(text), Lines.of(before + text, len(before))
    assert whole.starts == tuple(len(before) + one for one in part.starts)


def test_nothing_is_normalised() -> None:
    text = "\ufeffa\r\nb\rc\u2028d\n"
    assert decode(text.encode()) == text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"ok\n\xe9t\xe9", ["byte 3 (line 2)", "0xe9", "iconv"]),
        (b"\xc0\xaf", ["byte 0"]),
        (b"\xed\xa0\x80", ["byte 0"]),
        (b"\xf4\x90\x80\x80", ["byte 0"]),
        (b"abc\xf0\x9f\x98", ["byte 3"]),
        ("text".encode("utf-16"), ["UTF-16"]),
        ("text".encode("utf-32"), ["UTF-32"]),
        ("some text".encode("utf-16-le"), ["NUL", "UTF-16 without"]),
        ("some text".encode("utf-16-be"), ["NUL", "UTF-16 without"]),
        (b"a\0b and much more text", ["byte 1 is NUL"]),
        (b"%PDF-1.7", ["a PDF"]),
        (b"PK\x03\x04", ["ZIP"]),
        (b"\x89PNG\r\n", ["PNG"]),
        (b"x" * (5 * 1024 * 1024 + 1), ["5,242,881 bytes"]),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n", ["LFS"]),
    ],
)
def test_what_is_not_text_is_named(data: bytes, words: list[str]) -> None:
    with pytest.raises(BadDocument) as refusal:
        decode(data)
    for word in words:
        assert word in str(refusal.value)
    assert refusal.value.cure


def test_too_many_lines() -> None:
    with pytest.raises(BadDocument, match="250,001 lines"):
        Lines.of("\n" * 250_001)
