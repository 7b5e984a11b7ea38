"""What holds for every format and every way of cutting."""

import pickle
import re
import time
from dataclasses import replace

import numpy as np
import pytest

from dagster_kb.intake.reading_way import Way
from dagster_kb.readers.formats import FORMATS, VERSIONS
from dagster_kb.readers.reading import claims, mime_of, parse_document, read_document, reader_id
from dagster_kb.readers.reading_rules import ReadingRules
from dagster_kb.readers.source_text import LFS_REFUSAL
from kb_contract.errors import BadDocument
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.sample_documents import samples

FILES = samples()
STRATEGIES = ["headings", "fixed", "overlapping", "semantic"]
WORDS = re.compile(r"\w+|[^\w\s]")


def count(text: str) -> int:
    return len(WORDS.findall(text))


def embed(texts):
    """As many of each letter as there are: enough to be alike or not."""
    found = np.array([[one.count(letter) for letter in "etaoinshrdlu"] for one in texts], "f4")
    return found + 0.1


def read(name: str, strategy: str = "headings", tokens: int = 32):
    rules = ReadingRules(tokens, strategy, overlap=10 if strategy == "overlapping" else 0)
    return read_document(name, FILES[name], rules=rules, count_tokens=count, embed=embed)


def refused_or_read(name: str, data: bytes) -> None:
    refusal, chunks = None, []
    try:
        chunks = read_document(name, data, count_tokens=count).chunks
    except BadDocument as error:
        refusal = error
    assert chunks or (refusal and refusal.cure and str(refusal).startswith(name))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", FILES)
def test_chunks_are_slices_that_lose_nothing_and_stay_on_their_page(name: str, strategy: str):
    rules = ReadingRules(32)
    parsed = parse_document(name, FILES[name], rules)
    found = read(name, strategy)
    text = FILES[name].decode() if found.extracted_text is None else found.extracted_text
    assert text == parsed.text
    covered = set()
    for number, chunk in enumerate(found.chunks):
        assert chunk.ordinal == number
        assert chunk.text == text[chunk.start : chunk.end]
        assert chunk.text.strip()
        covered.update(range(chunk.start, chunk.end))
        pages = {
            one.page for one in parsed.blocks if one.start < chunk.end and chunk.start < one.end
        }
        assert pages == {chunk.page}
    for block in parsed.blocks:
        lost = [at for at in range(block.start, block.end) if at not in covered]
        assert not "".join(text[at] for at in lost).strip()


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", FILES)
def test_two_reads_are_equal(name: str, strategy: str):
    assert read(name, strategy) == read(name, strategy)


@pytest.mark.parametrize("name", FILES)
def test_chunks_go_to_another_process(name: str):
    found = read(name)
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301


@pytest.mark.parametrize("name", FILES)
def test_blocks_lie_in_order_in_the_text(name: str):
    parsed = parse_document(name, FILES[name], ReadingRules(200))
    at = 0
    for block in parsed.blocks:
        assert at <= block.start < block.end <= len(parsed.text)
        at = block.end
    if parsed.extracted:
        outside = parsed.text
        for block in reversed(parsed.blocks):
            outside = outside[: block.start] + outside[block.end :]
        assert not outside.strip()
        assert "\r" not in parsed.text
        assert "\0" not in parsed.text


@pytest.mark.parametrize("suffix", FORMATS)
def test_hostile_bytes_are_refused_clearly(suffix: str):
    name = f"k/a{suffix}"
    for data in [b"", b"\0\1\2", b"\xff\xfe\0\0", b"PK\x03\x04 no archive", b"%PDF-1.7 no more",
                 b"\xd0\xcf\x11\xe0\xa1\xb1", b"{" * 5000, b"<" * 5000, b"[" * 5_000]:  # fmt: skip
        refused_or_read(name, data)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_pointer_to_a_file_elsewhere_is_named(suffix: str):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    with pytest.raises(BadDocument, match="Git LFS pointer") as refusal:
        read_document(f"a{suffix}", pointer, count_tokens=count)
    assert LFS_REFUSAL.startswith(refusal.value.what)


@pytest.mark.parametrize(("name", "wrong"), [("a.pdf", ".md"), ("a.docx", ".txt"), ("a.xlsx", ".csv"),
    ("a.pptx", ".py"), ("a.pdf", ".docx"), ("a.docx", ".pdf"), ("a.html", ".pdf")])  # fmt: skip
def test_a_file_with_another_formats_suffix_is_refused(name: str, wrong: str):
    with pytest.raises(BadDocument, match="this is"):
        read_document(f"x{wrong}", FILES[name], count_tokens=count)


@pytest.mark.parametrize(
    ("name", "wrong"), [("a.docx", ".xlsx"), ("a.xlsx", ".pptx"), ("a.pptx", ".docx")]
)
def test_one_office_format_is_not_another(name: str, wrong: str):
    with pytest.raises(BadDocument, match="cannot be read as"):
        read_document(f"x{wrong}", FILES[name], count_tokens=count)


def test_media_types_part_what_is_read_differently():
    assert len({mime_of(f"a{one}") for one in FORMATS}) > 30
    assert mime_of("A.PDF") == "application/pdf"
    assert mime_of("a.py") == "text/x-python"
    assert all(claims(f"k/a{one}") for one in FORMATS)
    assert not any(
        claims(f"k/a{one}") for one in (".png", ".yaml", ".json", ".zip", ".doc", ".exe")
    )


def test_other_rules_have_another_name():
    rules = [
        ReadingRules(200), ReadingRules(100), ReadingRules(200, "fixed"),
        ReadingRules(200, "overlapping", 20), ReadingRules(200, "overlapping", 40),
        ReadingRules(200, pdf_ocr="eng"), ReadingRules(200, "semantic"),
    ]  # fmt: skip
    assert len({reader_id(one) for one in rules}) == len(rules)
    assert reader_id(200) == reader_id(ReadingRules(200))


def test_another_version_of_a_format_has_documents_of_it_alone_read_anew():
    way = Way(HashEmbedder(), 200)
    assert way.of("a.md") != way.of("a.txt")
    for suffix, one in FORMATS.items():
        newer = replace(one, version=one.version + 1)
        assert newer.reading != one.reading
        assert way.of(f"x{suffix}").removeprefix(way.name).startswith(f"/{one.reading}")
    assert way.recipe == f"{way.name}/formats-{VERSIONS}"


def test_notes_and_extracted_text_are_told():
    assert read("a.md").extracted_text is None
    assert read("a.py").extracted_text is None
    assert read("a.pdf").extracted_text
    assert read("a.csv").notes == ()


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.xlsx", "a.pdf"])
def test_damaged_files_never_surprise(name: str):
    import random

    chance = random.Random(7)
    began = time.thread_time()
    for _ in range(60):
        data = bytearray(FILES[name])
        for _ in range(chance.randrange(1, 20)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        refused_or_read(name, bytes(data))
    assert time.thread_time() - began < 30
