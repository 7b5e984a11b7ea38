"""The list of gates, and those that look at the collection."""

from typing import Any

import pytest

from dagster_kb.gates.whole import has_points, holds_exactly, keeps_contract, same_space
from dagster_kb.publishing.release_checks import GATES
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


def test_every_gate_has_a_name_of_its_own_and_says_what_it_asks():
    assert len({gate.name for gate in GATES}) == len(GATES)
    assert len({gate.asks for gate in GATES}) == len(GATES)


def test_a_payload_that_keeps_the_contract_passes():
    assert keeps_contract([stored(payload())]).passed


@pytest.mark.parametrize("wrong", [{"contract_version": 99}, {"text_chunk": None}, {"more": 1}])
def test_a_payload_that_breaks_the_contract_does_not(wrong: dict[str, Any]):
    assert not keeps_contract([{**stored(payload()), **wrong}]).passed


def test_a_payload_that_cannot_be_read_is_told_without_what_is_in_it():
    said = keeps_contract([{**stored(payload()), "token": "ghp_secret"}]).description
    assert "token: Extra inputs are not permitted" in said
    assert "ghp_secret" not in said


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
