import json
import random
import time

import pytest

from dagster_kb.readers.reading import claims, mime_of, read_document, reader_id
from kb_contract.errors import BadDocument


def count(text: str) -> int:
    return len(text.split())


def read(name: str, data: bytes):
    return read_document(name, data, chunk_tokens=50, count_tokens=count)


def test_a_document_is_json_and_slices() -> None:
    text = "---\ntitle: T\nstatus: draft\nx: [1]\n---\n# H\n\nSome words.\n"
    found = read("knowledge/a/x.md", text.encode())
    assert (found.title, found.status, found.mime) == ("T", "draft", "text/markdown")
    assert json.loads(json.dumps(found.front_matter))["extra"] == {"x": ["1"]}
    (chunk,) = found.chunks
    assert chunk.text == text[chunk.start : chunk.end] == "# H\n\nSome words."
    assert chunk.heading_path == ("H",)


def test_plain_text_is_paragraphs_and_nothing_else() -> None:
    text = "\ufeff---\n# no heading\n\n\n  two  \r\n\r\n"
    found = read("notes.TXT", text.encode())
    assert (found.title, found.mime) == ("", "text/plain")
    assert [text[one.start : one.end] for one in found.chunks] == ["---\n# no heading\n\n\n  two"]


def test_which_files_are_documents() -> None:
    assert all(
        claims(one) for one in ["a.md", "a/b.MARKDOWN", "x.mdx", "y.txt", "-x y.md", "a.pdf"]
    )
    assert not any(claims(one) for one in ["a.png", ".x.md", "a/.git/x.md", "md", "a.doc", "x"])
    assert mime_of("a.MDX") == "text/mdx"


def test_a_reader_is_named_with_all_that_changes_its_chunks() -> None:
    assert reader_id(200) != reader_id(100)
    assert reader_id(200) == reader_id(200)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("k/a.md", b"---\ntitle: [x]\n---\n", "k/a.md, front matter: title is a list"),
        ("k/a.md", b"\xff", "k/a.md: byte 0"),
        ("k/a.md", b"", "k/a.md: there is no text"),
        ("k/a.md", b" \n\t\r\n", "there is no text"),
        ("k/a.md", b"---\n---\n", "there is no text"),
        ("k/a.md", b"---\ntitle: T\n---\n<!-- never closed\n\nWords.\n", "there is no text"),
        (
            "k/a.html",
            b"<title>T</title><meta name=version content=2><div id=app></div>",
            "there is no text",
        ),
        ("k/a.md", b"\xef\xbb\xbf", "there is no text"),
        ("k/a.doc", b"x", "no reader for .doc"),
        ("k/a", b"x", "no reader for a file without a suffix"),
    ],
)
def test_a_refusal_names_the_file(name: str, data: bytes, words: str) -> None:
    with pytest.raises(BadDocument) as refusal:
        read(name, data)
    assert words in str(refusal.value)
    assert refusal.value.cure


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"---\ntitle: Guides\n---\n\n", "front matter only"),
        (b"+++\ntitle = 'Guides'\n+++\n<!-- the list is made by the theme -->\n", "front matter only"),
        (b"---\ntitle: Guides\ndraft: true\n---\n", "draft"),
    ],
)  # fmt: skip
def test_a_page_of_front_matter_alone_is_kept_under_a_status_of_its_own(data: bytes, status: str):
    found = read("guides/_index.md", data)
    assert (found.title, found.status, found.chunks) == ("Guides", status, [])


def test_random_bytes_and_broken_documents_never_surprise() -> None:
    chance = random.Random(7)
    good = b"---\ntitle: T\n---\n# H\n\n| a | b |\n|---|---|\n| c | d |\n\n- x\n  - y\n\n```\ncode\n```\n"
    for _ in range(400):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(3)] = bytes(
                [chance.choice(b"\0\n\r-#>|`[]{}&*!:'\" \xff\xc3a")]
            )
        try:
            found = read("x.md", bytes(data))
        except BadDocument:
            continue
        text = bytes(data).decode()
        assert all(one.text == text[one.start : one.end] for one in found.chunks)


@pytest.mark.parametrize(
    "unit",
    ["word " * 20 + "\n\n", "# a b c d e f g\n\n", "- item of a list\n", "|some|cells|\n", "x", "文", "a ",
     "> quoted by one\n", "a line of text\n", "*a_", "[some link]: to\n", "|", "[", "🇩🇪", "a\u0301"],
)  # fmt: skip
def test_half_a_megabyte_of_anything_takes_bounded_time(unit: str) -> None:
    data = (unit * (500_000 // len(unit.encode()))).encode()
    data = b"|a|b|\n|-|-|\n" + data if unit.startswith("|") else data
    began = time.thread_time()
    found = read_document("x.md", data, chunk_tokens=200, count_tokens=count)
    # A machine of half the speed passes; the square of the length would take many minutes.
    assert time.thread_time() - began < 8
    assert max(len(one.text) for one in found.chunks) <= 200 * 16
