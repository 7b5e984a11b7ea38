"""Folders of labelled data as people write them: read whole, or refused with the line."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dagster_kb.readers.front_matter import split_front_matter
from kb.evaluation.corpus_folder import AGENT, write_corpus
from kb.evaluation.labelled_corpus import LabelledCorpus
from kb_contract.errors import BadInput

HEADER = "query-id\tcorpus-id\tscore\n"


def folder(
    place: Path, documents: list[Mapping[str, Any]], queries: list[Mapping[str, Any]], qrels: str
) -> Path:
    place.mkdir(exist_ok=True)
    for name, rows in (("corpus.jsonl", documents), ("queries.dev.jsonl", queries)):
        (place / name).write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    (place / "qrels.dev.tsv").write_text(qrels, "utf-8")
    return place


@pytest.mark.parametrize(
    "qrels",
    [
        f"{HEADER}q\ta/b #1\t1\nq\tc\t2\nq\td\t0\n",
        "q\ta/b #1\t1\nq\tc\t2\n",
        f"{HEADER}q\ta/b #1\t1\r\nq\tc\t2\r\n\r\n",
        "query-id\titer\tcorpus-id\tscore\nq\t0\ta/b #1\t1\nq\tQ0\tc\t2\n",
    ],
)
def test_qrels_are_read_as_people_write_them(tmp_path: Path, qrels: str):
    data = folder(tmp_path, [{"id": "c", "text": "x"}], [{"id": "q", "text": "?"}], qrels)
    [query] = LabelledCorpus.read(data, "dev").queries
    assert query.wanted == {"a/b #1": 1.0, "c": 2.0}


def test_a_query_without_a_line_wants_nothing(tmp_path: Path):
    data = folder(
        tmp_path, [{"_id": 7, "text": None}], [{"id": "q", "text": "?"}, {"id": "r", "text": "?"}],
        f"{HEADER}q\t7\t1\n",
    )  # fmt: skip
    corpus = LabelledCorpus.read(data, "dev")
    assert [(one.id, one.title, one.text) for one in corpus.documents] == [("7", "", "")]
    assert [dict(one.wanted) for one in corpus.queries] == [{"7": 1.0}, {}]


def test_pages_of_pdfs_are_not_documents_of_their_own(tmp_path: Path):
    rows = [{"id": "report#0", "text": "x"}, {"id": "note", "text": "y"}]
    data = folder(tmp_path, rows, [{"id": "q", "text": "?"}], f"{HEADER}q\treport#0\t1\n")
    (data / "pdfs").mkdir()
    (data / "pdfs" / "report.PDF").write_bytes(b"%PDF-1.4")
    corpus = LabelledCorpus.read(data, "dev")
    assert ([one.id for one in corpus.documents], [one.stem for one in corpus.pdfs]) == (
        ["note"], ["report"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("corpus.jsonl", '{"text": "x"}\n', "has no id"),
        ("corpus.jsonl", '{"id": "a"\n', "corpus.jsonl:1"),
        ("corpus.jsonl", "[]\n", "fields are missing"),
        ("corpus.jsonl", "", "no line"),
        ("queries.dev.jsonl", '{"id": "q", "text": "?"}\n' * 2, "there twice"),
        ("queries.dev.jsonl", '{"id": "q"}\n', "fields are missing"),
        ("qrels.dev.tsv", f"{HEADER}q\ta\tmany\n", "qrels.dev.tsv:2"),
        ("qrels.dev.tsv", f"{HEADER}q\ta\n", "2 columns"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, file: str, text: str, said: str):
    data = folder(
        tmp_path, [{"id": "a", "text": "x"}], [{"id": "q", "text": "?"}], f"{HEADER}q\ta\t1\n"
    )
    (data / file).write_text(text, "utf-8")
    with pytest.raises(BadInput) as error:
        LabelledCorpus.read(data, "dev")
    assert said in str(error.value)


def test_a_half_that_is_not_there_names_those_that_are(tmp_path: Path):
    data = folder(tmp_path, [{"id": "a", "text": "x"}], [{"id": "q", "text": "?"}], HEADER)
    with pytest.raises(BadInput, match="--half with one of: dev"):
        LabelledCorpus.read(data, "test")


def test_documents_become_files_that_the_reader_takes(tmp_path: Path):
    rows: list[Mapping[str, Any]] = [
        {"id": "../../etc/passwd", "title": 'A "title":\n# here \x85', "text": "---\nbody"},
        {"id": "b\tc", "title": "x" * 900, "text": "half \ud83d and \0", "draft": "yes",
         "status": "draft", "audiences": "me", "effective": "2999-01-01", "source": "The  Verge"},
        {"id": "empty", "title": "Only a title", "text": "", "tags": ["a"], "score": 3},
    ]  # fmt: skip
    data = folder(tmp_path / "data", rows, [{"id": "q", "text": "?"}], HEADER)
    written = write_corpus(tmp_path / "repository", LabelledCorpus.read(data, "dev"), {})
    assert list(written.ids.values()) == ["../../etc/passwd", "b\tc", "empty"]
    texts = [(written.root / path).read_text("utf-8") for path in written.ids]
    read = [split_front_matter(text) for text in texts]
    fronts = [one.front_matter for one in read]
    assert [one.status for one in fronts] == ["published"] * 3
    assert fronts[0].title == 'A "title": # here'
    assert texts[0][read[0].body_start :] == "\n---\nbody\n"
    assert (len(fronts[1].title or ""), fronts[1].extra) == (500, {"source": "The Verge"})
    assert texts[1][read[1].body_start :] == "\nhalf ? and  \n"
    assert texts[2][read[2].body_start :] == "\nOnly a title\n"
    assert fronts[2].extra == {}


def test_a_second_writing_leaves_nothing_of_the_first(tmp_path: Path):
    for number, rows in enumerate(([{"id": "a", "text": "x"}, {"id": "b", "text": "y"}],
                                   [{"id": "c", "text": "z"}])):  # fmt: skip
        data = folder(tmp_path / f"data{number}", list(rows), [{"id": "q", "text": "?"}], HEADER)
        written = write_corpus(tmp_path / "repository", LabelledCorpus.read(data, "dev"), {})
    assert list(written.ids.values()) == ["c"]
    assert len(list((tmp_path / "repository" / "knowledge" / AGENT).glob("*.md"))) == 1
