from itertools import pairwise

import numpy as np
import pytest

from dagster_kb.chunking import semantic
from dagster_kb.chunking.blocks import Block
from dagster_kb.chunking.sections import Chunker
from dagster_kb.chunking.strategies import Cutting, chunk_blocks
from dagster_kb.intake.parsing_child import Asked, read_asked
from dagster_kb.readers.markdown import read_markdown
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.reading import ReadDocument, read_document
from dagster_kb.readers.reading_rules import ReadingRules
from kb_contract.agent_manifest import ChunkingSettings, read_manifest
from kb_contract.errors import BadDocument, BadManifest, BadSetting


def count(text: str) -> int:
    return len(text.split())


TEXT = (
    "# A\n\n"
    + " ".join(f"Sentence {one} has five words." for one in range(40))
    + "\n\n## B\n\nEnd.\n"
)
BLOCKS = read_markdown(TEXT.encode()).blocks


def cut(cutting: Cutting, text: str = TEXT, blocks=BLOCKS, embed=None):
    return chunk_blocks(text, blocks, cutting, count, embed)


def test_the_default_is_the_chunker_of_headings():
    assert cut(Cutting("headings", 40)) == Chunker(40, count).chunk(TEXT, BLOCKS)


def test_fixed_windows_are_filled_with_whole_sentences():
    chunks = cut(Cutting("fixed", 27))
    assert [one.tokens for one in chunks] == [27, *[25] * 7, 3]
    assert all(one.text.endswith(".") for one in chunks)
    assert (chunks[-1].text, chunks[-1].heading_path) == ("## B\n\nEnd.", ("A", "B"))


def test_overlapping_windows_repeat_what_was_asked_for():
    chunks = cut(Cutting("overlapping", 25, overlap=10))
    for before, after in pairwise(chunks[:-1]):
        repeated = TEXT[after.start : before.end]
        assert count(repeated) == 10
        assert after.end > before.end
    assert max(one.tokens for one in chunks) <= 25
    assert chunks[-1].text.endswith("End.")


@pytest.mark.parametrize("overlap", [0, 1, 24, 25, 1000])
def test_any_overlap_ends(overlap: int):
    chunks = cut(Cutting("overlapping", 25, overlap=overlap))
    assert all(one.end < other.end for one, other in pairwise(chunks))


SUBJECTS = ["The cat sleeps all day.", "A cat likes milk.", "Cats climb on trees.", "Every cat has claws."] * 2 + [
    "The bank raised its rates.", "Rates of the bank rose.", "A bank lends money.", "Banks hold deposits."] * 2  # fmt: skip


def embed(texts):
    return np.array([[1.0, 0.0] if "cat" in one.lower() else [0.0, 1.0] for one in texts], "f4")


def test_semantic_chunks_end_where_the_subject_does():
    text = " ".join(SUBJECTS)
    chunks = cut(Cutting("semantic", 100), text, [Block("prose", 0, len(text), ())], embed)
    assert len(chunks) <= 3
    assert text.index("The bank") in [one.start for one in chunks]


def test_semantic_needs_a_model_and_has_a_limit(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(BadSetting, match="needs an embedding model"):
        cut(Cutting("semantic", 50))
    monkeypatch.setattr(semantic, "MOST_SENTENCES", 10)
    with pytest.raises(BadDocument, match="more than 10 sentences"):
        cut(Cutting("semantic", 50), embed=embed)


def test_what_is_too_long_to_be_cut_by_meaning_is_cut_by_headings_where_it_is_read():
    rules = ReadingRules(40, "semantic")
    short = "# T\n\n" + "Words of it. " * (semantic.MOST_SENTENCES - 1)
    assert isinstance(read_asked(Asked("a.md", short.encode(), rules), count), ParsedDocument)
    long = (short + "One more. Another.").encode()
    read = read_asked(Asked("a.md", long, rules), count)
    assert isinstance(read, ReadDocument)
    assert "more than 2,000 sentences are not cut by meaning but by headings" in read.notes[0]
    by_headings = read_asked(Asked("a.md", long, ReadingRules(40)), count)
    assert isinstance(by_headings, ReadDocument)
    assert read.chunks == by_headings.chunks
    assert read == read_document("a.md", long, rules=rules, count_tokens=count)


@pytest.mark.parametrize("strategy", ["headings", "fixed", "overlapping"])
def test_no_chunk_spans_two_pages(strategy):
    text = "one two\n\nthree four\n\nfive"
    blocks = [
        Block("prose", 0, 7, ("H",), 1),
        Block("prose", 9, 19, ("H",), 2),
        Block("prose", 21, 25, ("H",), 2),
    ]
    assert [(one.page, one.text) for one in cut(Cutting(strategy, 50), text, blocks)] == [
        (1, "one two"), (2, "three four\n\nfive")
    ]  # fmt: skip


def test_an_agent_says_how_its_documents_are_cut():
    said = {"chunking": {"strategy": "overlapping", "tokens": 100}}
    manifest = read_manifest("a", said, where="agent.yaml")
    rules = ReadingRules.of(manifest.chunking, tokens=200, pdf_ocr="eng")
    assert (rules.tokens, rules.strategy, rules.overlap, rules.pdf_ocr) == (
        100,
        "overlapping",
        20,
        "eng",
    )
    assert ReadingRules.of(ChunkingSettings(overlap=50), tokens=200) == ReadingRules(200)
    with pytest.raises(BadManifest, match=r"chunking.strategy"):
        read_manifest("a", {"chunking": {"strategy": "magic"}}, where="agent.yaml")
