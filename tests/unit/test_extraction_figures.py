"""How well passages are read out, in figures: what can be used, what is right, and what nobody labelled."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from dagster_kb.extraction.extractor import Extracted, Extractor
from dagster_kb.extraction.passages import Passage
from dagster_kb.extraction.prompts_on_file import Prompt
from kb.commands.eval_extraction import prompt_of
from kb.evaluation.comparison import compare
from kb.evaluation.evaluation import Evaluation
from kb.evaluation.extractions import Read, figures_of
from kb.evaluation.labelled_extractions import LabelledPassage, read_passages
from kb_contract.chunk_extraction import ChunkExtractionV1
from kb_contract.errors import BadInput, BadManifest

TEXT = "Alice Moreau rotates the keys every 90 days."
EXTRACTOR = Extractor(Prompt("mine", "Read."), "cheap", None)


def label(**more: Any) -> LabelledPassage:
    passage = Passage(UUID(int=1), 0, "p", "Keys", (), (), "", TEXT)
    return LabelledPassage("p", passage, more.pop("entities", None), **more)


def extracted(*names: str, facts: tuple[str, ...] = (), **more: Any) -> Extracted:
    parsed = ChunkExtractionV1.model_validate(
        {"entities": [{"name": one} for one in names], "facts": list(facts), "summary": "Of keys."}
    )
    return Extracted("DONE", parsed=parsed, **more)


def test_names_and_words_are_held_against_what_people_say():
    wanted = label(
        entities=("Alice Moreau", "The Vault"), also=("Moreau",), says=("every 90 days", "by night")
    )
    said = extracted("alice moreau", "Moreau", "Bob", facts=("Keys are rotated every 90 days.",))
    row = Read(wanted, said).as_json()
    assert (row["names_found"], row["names_right"], row["says"]) == (0.5, pytest.approx(2 / 3), 0.5)
    assert (row["valid"], row["first_time"]) == (1.0, 1.0)


def test_what_nobody_labelled_has_no_figure():
    row = Read(label(), extracted("Bob")).as_json()
    assert not row.keys() & {"names_found", "names_right", "says"}


def test_a_passage_without_names_is_right_only_with_none():
    assert Read(label(entities=()), extracted("Bob")).as_json()["names_right"] == 0.0
    assert Read(label(entities=()), extracted()).as_json()["names_right"] == 1.0


def test_who_was_not_answered_counts_in_no_figure():
    silent = Extracted("ERROR", error="budget spent")
    rows = [
        Read(label(entities=("Alice Moreau",)), one) for one in (silent, extracted("Alice Moreau"))
    ]
    figures = figures_of(rows, EXTRACTOR)
    assert (figures["n"], figures["failed"], figures["valid"], figures["names_found"]) == (
        2,
        1,
        1.0,
        1.0,
    )
    assert rows[0].as_json()["error"] == "budget spent"


def test_languages_without_blanks_and_letters_in_two_pieces_are_read_too():
    said = extracted(
        "Jose\u0301", facts=("\u5bc6\u94a5\u6bcf\u4e5d\u5341\u5929\u8f6e\u6362\u4e00\u6b21\u3002",)
    )
    row = Read(
        label(entities=("Jos\u00e9",), says=("\u4e5d\u5341\u5929", "\u4e00\u767e\u5929")), said
    ).as_json()
    assert (row["names_found"], row["says"]) == (1.0, 0.5)


def test_what_is_no_use_says_nothing_and_says_why():
    bad = Extracted("INVALID", "{", None, "summary: field required", latency_ms=7)
    row = Read(label(entities=("Alice Moreau",), says=("90 days",)), bad).as_json()
    assert (row["valid"], row["first_time"], row["names_found"], row["says"]) == (0.0,) * 4
    assert row["error"] == "summary: field required"
    figures = figures_of([Read(label(), bad), Read(label(), extracted())], EXTRACTOR)
    assert (figures["n"], figures["valid"], figures["invalid"], figures["failed"]) == (2, 0.5, 1, 0)
    assert figures["prompt"] == "mine"


def test_a_second_request_is_not_the_first_time():
    usage: Any = [{"model": "m", "cost": 0.25}, {"model": "m", "cost": 0.25}]
    row = Read(label(), extracted(usage=usage)).as_json()
    assert (row["valid"], row["first_time"], row["cost"]) == (1.0, 0.0, 0.5)


def test_two_prompts_are_compared_passage_by_passage(tmp_path: Path):
    def measured(valid: list[float]) -> Evaluation:
        rows = [{"id": str(at), "text": "t", "valid": one} for at, one in enumerate(valid)]
        return Evaluation.model_validate(
            {
                "kind": "extraction",
                "data": "d",
                "at": "2026-01-01T00:00:00Z",
                "figures": {},
                "questions": rows,
            }
        )

    [found] = compare(measured([1.0] * 40), measured([0.0] * 30 + [1.0] * 10))
    assert (found.figure, found.verdict) == ("valid", "better")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"passage": "  "}, "passage is no text"),
        ({"text": "x"}, "fields are missing"),
        ({"passage": "x", "entities": "Bob"}, "entities is no list of texts"),
        ({"passage": "x", "says": [3]}, "says is no list of texts"),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path: Path, line: dict[str, Any], said: str):
    file = tmp_path / "passages.jsonl"
    file.write_text(json.dumps({"passage": "fine"}) + "\n" + json.dumps(line) + "\n")
    with pytest.raises(BadInput, match=said):
        read_passages(file)


def test_two_passages_of_one_id_are_refused(tmp_path: Path):
    file = tmp_path / "passages.jsonl"
    file.write_text('{"passage": "a", "id": "x"}\n{"passage": "b", "id": "x"}\n')
    with pytest.raises(BadInput, match="2 passages have the id x"):
        read_passages(file)


def test_a_prompt_is_a_version_or_a_file_of_one_to_be(tmp_path: Path):
    file = tmp_path / "chunk_extract_v9.md"
    file.write_text("Read it well.")
    assert prompt_of(str(file)) == Prompt("chunk_extract_v9", "Read it well.")
    assert prompt_of("chunk_extract_v1").name == "chunk_extract_v1"
    with pytest.raises(BadManifest, match="chunk_extract_v0"):
        prompt_of("chunk_extract_v0")
    for name in ("nowhere.md", "notes.txt"):
        with pytest.raises(BadInput, match=name):
            prompt_of(str(tmp_path / name))


def test_a_passage_is_known_by_what_it_says_where_nothing_names_it(tmp_path: Path):
    file = tmp_path / "passages.jsonl"
    file.write_text('{"passage": "a", "id": 0}\n{"passage": "b"}\n{"passage": "c\\ud800"}\n')
    first, second, third = read_passages(file)
    assert first.id == "0"
    file.write_text('{"passage": "new"}\n{"passage": "b"}\n')
    assert read_passages(file)[1].id == second.id
    assert third.passage.text == "c\ufffd"
