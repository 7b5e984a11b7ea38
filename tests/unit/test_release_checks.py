"""Each gate, with what passes and what does not."""

from typing import Any

import pytest

from dagster_kb.release_checks import (
    GATES,
    answers,
    finds_golden,
    has_points,
    holds_exactly,
    keeps_contract,
    same_space,
)
from kb_contract.agent_manifest import GateSettings, GoldenQuestion
from kb_contract.payload import ChunkMetadata, ChunkPayload

SPACE = {"model": "m", "weights_sha256": "w", "dimension": 3}


def payload(text: str = "words", path: str = "knowledge/a/x.md") -> ChunkPayload:
    return ChunkPayload(
        text_chunk=text,
        metadata=ChunkMetadata(
            title="T", agent_id="a", workspace_id="default", document_id="d", path=path,
            ordinal=0, start=0, end=len(text), text_sha256="s",
        ),
    )  # fmt: skip


def stored(one: ChunkPayload) -> dict[str, Any]:
    return one.model_dump(mode="json")


def test_there_are_five_gates_with_names_of_their_own():
    assert len({gate.name for gate in GATES}) == 5


def test_a_payload_that_keeps_the_contract_passes():
    assert keeps_contract([stored(payload())]).passed


@pytest.mark.parametrize("wrong", [{"contract_version": 99}, {"text_chunk": None}, {"more": 1}])
def test_a_payload_that_breaks_the_contract_does_not(wrong: dict[str, Any]):
    assert not keeps_contract([{**stored(payload()), **wrong}]).passed


def test_an_empty_collection_does_not_pass():
    assert has_points(1).passed
    assert not has_points(0).passed


def test_exactly_the_manifest_passes():
    one = payload()
    assert holds_exactly({"1": one.digest()}, [("1", stored(one))]).passed


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ([], "1 missing, 0 strange and 0 changed"),
        ([("1", payload()), ("2", payload())], "0 missing, 1 strange and 0 changed"),
        ([("1", payload("other"))], "0 missing, 0 strange and 1 changed"),
    ],
)
def test_anything_else_does_not(held: list[tuple[str, ChunkPayload]], said: str):
    verdict = holds_exactly({"1": payload().digest()}, [(key, stored(one)) for key, one in held])
    assert not verdict.passed
    assert verdict.description.startswith(said)


def test_a_payload_that_cannot_be_read_counts_as_changed():
    assert holds_exactly({"1": payload().digest()}, [("1", {})]).facts["changed"] == 1


def test_vectors_of_another_space_do_not_pass():
    assert same_space(SPACE, SPACE, 3).passed
    assert not same_space(SPACE, SPACE, 4).passed
    assert not same_space(SPACE, {**SPACE, "weights_sha256": "x"}, 3).passed
    assert not same_space(SPACE, None, 3).passed


def test_golden_questions_name_what_was_not_found():
    asked = GoldenQuestion(question="Where is it?", path="x.md", quote="in  the VAULT")
    found = [stored(payload("It lies in the vault."))]
    assert finds_golden("a", [(asked, found)], GateSettings()).passed
    missed = finds_golden("a", [(asked, [])], GateSettings())
    assert not missed.passed
    assert "'Where is it?' should find x.md" in missed.description
    assert finds_golden("a", [(asked, [])], GateSettings(golden_recall=0.0)).passed
    assert finds_golden("a", [], GateSettings()).passed


def test_only_the_first_passages_count():
    asked = GoldenQuestion(question="Where is it?", path="x.md")
    other = stored(payload(path="knowledge/a/y.md"))
    right = stored(payload())
    assert not finds_golden("a", [(asked, [other, right])], GateSettings(golden_at=1)).passed
    assert finds_golden("a", [(asked, [other, right])], GateSettings(golden_at=2)).passed


@pytest.mark.parametrize(
    ("path", "fits"),
    [
        ("knowledge/a/x.md", True),
        ("a/x.md", True),
        ("knowledge/a/deep/x.md", False),
        ("knowledge/ba/x.md", False),
    ],
)
def test_a_golden_path_is_relative_to_the_agents_folder(path: str, fits: bool):
    asked = GoldenQuestion(question="Where is it?", path="x.md")
    assert answers("a", asked, stored(payload(path=path))) is fits
