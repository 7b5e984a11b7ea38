"""What a whole look finds, and when the ledger is believed."""

import random
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_kb.publishing.collection_audit import Audit, compare, is_due, look_of, stands
from dagster_kb.resources.vector_store import Description, StoredPoint
from kb_contract.identifiers import sha256_json

IDS = [str(uuid.UUID(int=random.Random(n).getrandbits(128), version=5)) for n in range(30)]
STATES = st.sampled_from(["right", "missing", "strange", "changed"])


def point(chunk_id: str, text: str = "words") -> StoredPoint:
    return StoredPoint(chunk_id, {"text_chunk": text})


def wanted_of(ids: list[str]) -> list[tuple[str, str]]:
    return [(one, sha256_json(point(one).payload)) for one in sorted(ids)]


@given(st.lists(STATES, min_size=len(IDS), max_size=len(IDS)))
def test_every_error_is_found_and_nothing_else(states: list[str]):
    state = dict(zip(IDS, states, strict=True))
    wanted = wanted_of([one for one in IDS if state[one] != "strange"])
    held = [point(one, "other" if state[one] == "changed" else "words")
            for one in sorted(IDS) if state[one] != "missing"]  # fmt: skip
    found = compare(wanted, held)
    for kind, named in (("missing", found.missing), ("strange", found.strange),
                        ("changed", found.changed)):  # fmt: skip
        assert list(named) == sorted(one for one in IDS if state[one] == kind)
    assert (found.wanted, found.points_read) == (len(wanted), len(held))
    assert found.exact == (set(states) <= {"right"})


def test_numbers_that_somebody_else_wrote_are_strange():
    found = compare(wanted_of(IDS[:2]), [point("7"), point("99"), *map(point, sorted(IDS[:2]))])
    assert (found.strange, found.missing) == (["7", "99"], [])


def test_a_look_that_found_something_names_it_and_says_what_to_do():
    found = compare(wanted_of(IDS), map(point, sorted(IDS)[1:]))
    assert found.description.startswith("1 missing, 0 strange and 0 changed points of 30")
    assert "ingest again" in found.description
    assert found.facts()["for_example"] == [sorted(IDS)[0]]
    assert found.facts()["looked_at"] == "whole"


def test_a_wrong_count_is_not_exact():
    found = Audit("stamp", 3, 3, None, count=4)
    assert not found.exact
    assert "4 points counted" in found.description


KNOWN: dict[str, Any] = {
    "state": "clean", "generation_id": 1, "stamp": "a", "ids_digest": "d", "manifest_digest": "d",
    "is_due": False,
}  # fmt: skip
THERE = Description(dimension=4, space="s", stamp="a")


def test_equal_stamps_are_believed():
    assert stands(KNOWN, THERE)


@pytest.mark.parametrize("wrong", [
    {"state": "writing"}, {"generation_id": None}, {"stamp": None}, {"stamp": "b"},
    {"manifest_digest": "e"},
])  # fmt: skip
def test_anything_else_is_not(wrong: dict[str, Any]):
    assert not stands({**KNOWN, **wrong}, THERE)


def test_a_collection_without_a_stamp_is_not():
    assert not stands({**KNOWN, "stamp": None}, Description(4, "s", None))
    assert not stands(None, THERE)
    assert not stands(KNOWN, None)


def test_a_whole_look_is_taken_when_asked_for_or_due():
    late = {**KNOWN, "is_due": True}
    assert not is_due(late, "when in doubt")
    assert is_due(late, "when due")
    assert is_due(None, "when due")
    assert not is_due(KNOWN, "when due")
    assert is_due(KNOWN, "always")


@pytest.mark.parametrize(("asked", "look"), [
    ({}, "when in doubt"), ({"deep": True}, "when due"), ({"deep": True, "force": True}, "always"),
])  # fmt: skip
def test_what_a_run_wants_to_see(asked: dict[str, Any], look: str):
    assert look_of({"ops": {"parsed_documents": {"config": asked}}}) == look
    assert look_of({}) == "when in doubt"
