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


def start_run(world: WriterWorld, dagster_run: str = "under way") -> None:
    """A run of the newest commit that has not ended."""
    with world.ledger.database.transaction() as connection:
        connection.execute(
            """insert into kb.pipeline_runs (run_id, workspace_id, agent_id, git_sha,
                 dagster_run_id, status, embed_profile, llm_profile, prompt_name)
               values (gen_random_uuid(), %s, %s, 'abcdef0123', %s, 'RUNNING', '', '', '')""",
            (world.ledger.workspace, world.agent, dagster_run),
        )


def end_run(world: WriterWorld, why: str, dagster_run: str = "under way") -> None:
    world.ledger.generations.fail_dagster_run(dagster_run, why)


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


def test_a_run_under_way_is_told_of_and_the_one_before_it_judged(world: WriterWorld):
    world.publish()
    start_run(world)
    running = verdicts(world)["last_run"]
    assert (running.passed, running.facts["told"], running.facts["status"]) == (True, True, "DONE")
    assert "; RUNNING of" in running.description

    end_run(world, "the model is away")
    failed = verdicts(world)["last_run"]
    assert (failed.passed, failed.facts["told"]) == (False, False)
    start_run(world)
    assert not verdicts(world)["last_run"].passed

    world.ledger.incidents.pause(world.agent, "rolled back", "jane")
    met_a_pause = verdicts(world)["last_run"]
    assert (met_a_pause.passed, met_a_pause.facts["told"]) == (True, True)
    assert "the model is away" in met_a_pause.description


def test_of_two_runs_the_one_that_ended_last_is_judged(world: WriterWorld):
    start_run(world, "long")
    start_run(world, "short")
    end_run(world, "ended early", "short")
    end_run(world, "ended late", "long")
    assert "ended late" in verdicts(world)["last_run"].description


def test_the_first_run_under_way_is_told_of(world: WriterWorld):
    start_run(world)
    first = verdicts(world)["last_run"]
    assert (first.passed, first.facts["told"]) == (True, True)
    assert not verdicts(world)["alias"].passed
