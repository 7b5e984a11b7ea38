"""A run of a paused agent, as a backfill of all launches one: it ends well, makes nothing, and says why."""

from typing import Any

import dagster as dg
import pytest

from dagster_kb.assets.documents import READS
from dagster_kb.origins import SKIPPED
from dagster_kb.upkeep.failures import KIND, close_incidents
from dagster_kb.upkeep.refreshes import is_whole
from tests.doubles.writer_world import WriterWorld, failures, metadata
from tests.integration.test_failures_become_incidents import chosen_on_pages

pytestmark = pytest.mark.stack
PAGE = "# Tea\n\nGreen tea is brewed at eighty degrees for two minutes.\n"
MORE = PAGE + "\n## Black\n\nBlack tea wants boiling water.\n"
CHAIN = ("parsed_documents", "chunks", "embeddings", "collection")


def pause(world: WriterWorld) -> int:
    """Pause it as a rollback does: with an incident."""
    world.ledger.incidents.pause(world.agent, "wrong words", "ann")
    return world.ledger.incidents.open(
        world.agent, "rolled_back", "rolled back from generation 2", "mend the source", by="ann"
    )


def observed(result: Any) -> list[dg.AssetObservation]:
    events = result.get_asset_observation_events()
    return [one.asset_observation_data.asset_observation for one in events]


def test_it_is_skipped_with_what_holds_it_and_what_ends_that(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"tea.md": MORE})
    incident = pause(world)
    result = chosen_on_pages(world)
    assert result.success
    assert result.get_asset_materialization_events() == []
    [asked] = result.get_asset_check_evaluations()
    assert (asked.check_name, asked.passed) == (READS, True)
    assert "of what is served all 1 could be read; it is paused by ann" in str(asked.description)
    [said] = observed(result)
    assert (said.asset_key, said.partition) == (dg.AssetKey("parsed_documents"), world.agent)
    for words in ("paused by ann: wrong words", str(incident), f"kb resume {world.agent}"):
        assert words in str(said.description)
    skipped = [one.step_key for one in result.all_events if one.is_step_skipped]
    assert {"chunks", "embeddings", "collection", "gates", "live_alias"} <= set(skipped)
    assert world.live().number == 1
    kept = world.instance.get_run_by_id(result.run_id)
    assert kept
    assert kept.tags[SKIPPED] == "paused"


def test_a_skipped_run_shows_of_no_trouble_that_it_is_over(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.ledger.incidents.open(world.agent, KIND, "it failed", "mend it", by="dagster")
    pause(world)
    skipped = world.instance.get_run_by_id(chosen_on_pages(world).run_id)
    assert skipped
    assert not is_whole(skipped)
    assert close_incidents(world.instance, world.ledger, skipped) == []
    world.ledger.incidents.resume(world.agent, "ann")
    whole = world.instance.get_run_by_id(chosen_on_pages(world, tags=skipped.tags).run_id)
    assert whole
    assert len(close_incidents(world.instance, world.ledger, whole)) == 1


def test_going_live_alone_is_refused_while_it_is_paused(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"tea.md": MORE})
    assert world.ingest(only=CHAIN).success
    incident = pause(world)
    said = failures(world.ingest(only=["live_alias"]))["live_alias"]
    assert f"paused by ann: wrong words (open incidents: {incident})" in said
    assert f"kb resume {world.agent}" in said
    assert world.live().number == 1


def test_a_run_is_found_by_its_owner_and_generation(world: WriterWorld):
    world.publish({"tea.md": PAGE, "agent.yaml": "purpose: Tea.\nowners: [kitchen, cellar]\n"})
    [run] = world.instance.get_runs(dg.RunsFilter(tags={"kb/owner": "kitchen, cellar"}))
    assert run.tags["kb/generation"] == "1"


def test_points_that_were_written_while_texts_were_embedded_are_counted(world: WriterWorld):
    world.write({f"page{n}.md": f"# Page {n}\n\nWords of page {n} alone.\n" for n in range(560)})
    world.commit()
    first = metadata(world.ingest(), "collection")
    assert (first["points_written"], first["points_kept"]) == (world.live().chunks, 0)
    world.commit({"page1.md": "# Page 1\n\nOther words.\n"})
    again = metadata(world.ingest(), "collection")
    assert again["points_written"] + again["points_kept"] == world.live().chunks
