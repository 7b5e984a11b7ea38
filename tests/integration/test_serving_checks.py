"""`kb verify`: every point of what is served is looked at, on our Qdrant and on the real server."""

import pytest
import yaml

from dagster_kb.publishing.release_checks import Verdict
from dagster_kb.publishing.serving_checks import ServingChecks
from tests.doubles.writer_world import WriterWorld

EVERYTHING = ("last_run", "alias", "points", "golden_questions")
GOLDEN = {"questions": [{"question": "How often are keys rotated?", "path": "keys.md"}]}


@pytest.fixture
def qdrant_url(either_qdrant: str) -> str:
    return either_qdrant


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({
        "keys.md": "# Keys\n\nKeys are rotated every ninety days.\n",
        "moves.md": "# Moves\n\nThe alias moves in one call.\n",
        "golden.yaml": yaml.safe_dump(GOLDEN),
    })  # fmt: skip
    return world


def verdicts(world: WriterWorld) -> dict[str, Verdict]:
    return ServingChecks(world.ledger, world.store, world.embedder).run(world.agent)


def passed(world: WriterWorld) -> dict[str, bool]:
    return {name: one.passed for name, one in verdicts(world).items()}


def point_of(world: WriterWorld, path: str) -> str:
    return next(key for key, one in world.served().items()
                if one["metadata"]["path"] == world.path(path))  # fmt: skip


def test_a_healthy_agent_passes_and_a_missing_alias_does_not(world: WriterWorld):
    assert passed(world) == {"last_run": False, "alias": False}
    world.publish()
    assert passed(world) == dict.fromkeys(EVERYTHING, True)
    world.store.drop_aliases([world.agent])
    assert passed(world)["alias"] is False


def test_a_payload_that_was_edited_is_found_and_mended(world: WriterWorld):
    live, point = world.publish(), point_of(world, "moves.md")
    world.store.client.set_payload(
        live.collection or "", {"text_chunk": "forged"}, points=[point], wait=True
    )
    assert passed(world) == {**dict.fromkeys(EVERYTHING, True), "points": False}
    assert verdicts(world)["points"].facts["for_example"] == [point]
    assert world.ingest(force=True).success
    assert passed(world) == dict.fromkeys(EVERYTHING, True)


def test_a_point_that_was_taken_is_found(world: WriterWorld):
    live, point = world.publish(), point_of(world, "moves.md")
    world.store.delete(live.collection or "", [point])
    points = verdicts(world)["points"]
    assert not points.passed
    assert (points.facts["missing"], points.facts["for_example"]) == (1, [point])
