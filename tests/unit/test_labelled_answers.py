"""Labelled questions as people write them, golden.yaml, and the candidates that feedback makes."""

import json
from pathlib import Path
from typing import Any

import pytest

from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from kb.evaluation.golden_candidates import candidates_of
from kb.evaluation.golden_file import GoldenFile
from kb.evaluation.labelled_answers import Expected, read_questions
from kb_contract.agent_manifest import GoldenQuestion
from kb_contract.errors import BadInput
from tests.doubles.git_repository import GitRepository


def written(place: Path, *rows: Any) -> Path:
    file = place / "questions.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in rows), "utf-8")
    return file


@pytest.mark.parametrize(
    "row",
    [
        {"question": "How?", "passages": [{"path": "a/b.md", "quote": "so"}]},
        {"text": "How?", "expected": [{"path": "a/b.md", "quote": "so", "page": 3}]},
        {"query": "How?", "path": "a/b.md", "quote": "so"},
    ],
)
def test_passages_are_read_in_each_spelling(tmp_path: Path, row: dict[str, Any]):
    [found] = read_questions(written(tmp_path, row))
    assert (found.id, found.text, found.expected) == ("1", "How?", (Expected("a/b.md", "so"),))


def test_refusals_and_golden_files_are_read(tmp_path: Path):
    [found] = read_questions(written(tmp_path, {"id": 7, "question": "How?", "refuse": True}))
    assert (found.id, found.expected) == ("7", ())
    golden = tmp_path / "golden.yaml"
    golden.write_text("questions:\n  - question: How?\n    path: b.md\n", "utf-8")
    assert read_questions(golden)[0].expected == (Expected("b.md"),)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"question": "How?"}], "neither passages nor a refusal"),
        ([{"question": "How?", "path": "a.md", "refuse": True}], "or both"),
        ([{"question": " ", "refuse": True}], "no question"),
        ([{"question": "How?", "passages": [{"quote": "so"}]}], "is no passage"),
        ([{"id": 1, "question": "a", "refuse": True}] * 2, "there twice"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, rows: list[Any], said: str):
    with pytest.raises(BadInput, match=said):
        read_questions(written(tmp_path, *rows))


def test_a_document_is_known_by_the_end_of_its_path():
    assert Expected("b.md").is_of("knowledge/garden/b.md")
    assert Expected("/garden/b.md").is_of("knowledge/garden/b.md")
    assert not Expected("b.md").is_of("knowledge/garden/a-b.md")


KEPT = """# our questions
questions:
    # the first
    - question: "Old: one?"
      path: a.md
"""


@pytest.mark.parametrize("before", [KEPT, "", None])
def test_questions_are_added_and_nothing_else_is_changed(tmp_path: Path, before: str | None):
    folder = tmp_path / "garden"
    folder.mkdir()
    if before is not None:
        (folder / "golden.yaml").write_text(before, "utf-8")
    file = GoldenFile(folder)
    old = file.questions()
    more = [
        GoldenQuestion(question='A "quoted": question? # yes', path="b.md", quote="- it's {so}\n"),
        GoldenQuestion(question="Ключ?", path="ü.md"),
    ]
    file.add(more)
    assert file.questions() == [*old, *more]
    assert file.path.read_text("utf-8").startswith((before or "questions:").rstrip())


def test_a_file_that_cannot_be_added_to_stays_as_it_is(tmp_path: Path):
    folder = tmp_path / "garden"
    folder.mkdir()
    said = "questions: [{question: Old one?, path: a.md}]\n"
    (folder / "golden.yaml").write_text(said, "utf-8")
    with pytest.raises(BadInput):
        GoldenFile(folder).add([GoldenQuestion(question="New?", path="b.md")])
    assert (folder / "golden.yaml").read_text("utf-8") == said
    with pytest.raises(BadInput, match="no such folder"):
        GoldenFile(tmp_path / "gone").add([])


def test_candidates_name_documents_that_are_there_and_nothing_twice(tmp_path: Path):
    repository = GitRepository(tmp_path / "repository")
    repository.write({"knowledge/garden/watering.md": "# Watering\n\nTwo litres.\n"})
    repository.commit()
    row = {"kind": "praised", "said_by": ["ann"], "answer_id": "x", "quote": "Two litres."}
    rows = [
        {**row, "question": "How  much?", "path": "knowledge/garden/watering.md"},
        {**row, "question": "how much?", "path": "watering.md"},
        {**row, "question": "Known?", "path": "watering.md"},
        {**row, "question": "Where?", "path": "knowledge/garden/gone.md"},
        {**row, "question": "Since when?", "path": "watering.md", "quote": "Three litres."},
    ]
    known = [GoldenQuestion(question="known?", path="watering.md")]
    folder = KnowledgeFolder(repository.root / "knowledge")
    served = {"knowledge/garden/watering.md": ["# Watering", "Two\nlitres."]}
    asked: list[set[str]] = []

    def texts(paths: set[str]) -> dict[str, list[str]]:
        asked.append(paths)
        return {one: served[one] for one in paths & {*served}}

    found = candidates_of(rows, "garden", folder, known, texts)
    assert len(asked) == 1, "however many there are"
    assert [(one.question.question, one.question.path, bool(one.problem)) for one in found] == [
        ("How much?", "watering.md", False), ("Where?", "gone.md", True),
        ("Since when?", "watering.md", True),
    ]  # fmt: skip
